import type { Id } from '@tenon/contracts';
import type { RunnableFunction } from '@tenon/database';
import type { Storage } from '@tenon/storage';
import { type BuildService, RebuildError } from '../builds/build.service.js';
import { BoundedCache } from '../shared/bounded-cache.js';

/** An artifact by its hash, which the sandboxes load when they don't have it. */
export interface Artifact {
  readonly id: string;
  load(): Promise<Uint8Array>;
}

/** What a run needs: an artifact that this engine runs, and the name of that engine. */
export interface CurrentArtifact extends Artifact {
  readonly engine: string | null;
}

/** Larger than any artifact that the build makes from an upload of at most 16 MB. */
const artifactBytesMax = 256_000_000;
/** A build that has just ended is not asked for again, whether an artifact came of it or a refusal. */
const rebuildsMax = 10_000;
const rebuildMs = 60_000;

/**
 * Finds what runs a version. An artifact is for one engine: what an older one built is built again from the stored
 * module when it is needed first, and the runs of that moment wait for it. What a newer engine built is left alone; a
 * worker of that release runs it.
 */
export class CurrentArtifacts {
  private readonly rebuilds = new BoundedCache<string, Promise<string>>(rebuildsMax, rebuildMs);

  constructor(
    private readonly storage: Storage,
    private readonly builds: Pick<BuildService, 'rebuild'>,
    private readonly engineVersion: number,
  ) {}

  /** What runs the version, where nothing has to be built for it. */
  ready({ artifactSha256, engine }: RunnableFunction): CurrentArtifact | undefined {
    return Number(engine ?? Number.NaN) < this.engineVersion ? undefined : this.stored(artifactSha256, engine);
  }

  /** @throws RebuildError, BuildAgainError, or what storage and Postgres throw, when it can't be had for this engine. */
  async of(tenantId: Id<'tenant'>, target: RunnableFunction): Promise<CurrentArtifact> {
    const ready = this.ready(target);
    if (ready !== undefined) return ready;
    return this.stored(await this.rebuilt(tenantId, target.versionId), String(this.engineVersion));
  }

  private rebuilt(tenantId: Id<'tenant'>, versionId: Id<'version'>): Promise<string> {
    const known = this.rebuilds.get(versionId);
    if (known !== undefined) return known;
    const rebuild = this.builds.rebuild({ tenantId, versionId });
    this.rebuilds.set(versionId, rebuild);
    rebuild.catch((error: unknown) => {
      // What failed on our side may go well the next time, and events ask again by themselves.
      if (!(error instanceof RebuildError)) this.rebuilds.delete(versionId);
    });
    return rebuild;
  }

  private stored(id: string, engine: string | null): CurrentArtifact {
    return { id, engine, load: () => this.storage.read(id, { bytesMax: artifactBytesMax }) };
  }
}
