import type { BuildJob } from '@tenon/contracts';
import type { BuildOutcome, Database, ReadyBuild, TenantTransaction } from '@tenon/database';

/** A build that has begun. */
export interface BegunBuild {
  /** Of the uploaded module. */
  readonly sha256: string;
  /** 1 for the first try of this version, over all jobs. */
  readonly attempt: number;
}

/** An artifact that was stored long ago was removed as unused just when it was needed again. */
export class ArtifactGoneError extends Error {
  override readonly name = 'ArtifactGoneError';
}

/** What Postgres knows about builds. A build ends once, together with its audit entry. */
export class BuildRecords {
  constructor(private readonly database: Pick<Database, 'withTenant'>) {}

  /** Null when the version is gone or its build has ended. */
  begin(job: BuildJob): Promise<BegunBuild | null> {
    return this.database.withTenant(job.tenantId, async (tx) => {
      const attempt = await tx.versions.startBuild(job.versionId);
      const version = attempt === null ? null : await tx.versions.find(job.versionId);
      return version === null || attempt === null ? null : { sha256: version.sha256, attempt };
    });
  }

  /** The module of a version that is ready; null when it is gone. */
  async moduleOf({ tenantId, versionId }: BuildJob): Promise<string | null> {
    const version = await this.database.withTenant(tenantId, (tx) => tx.versions.find(versionId));
    return version?.status === 'ready' ? version.sha256 : null;
  }

  /** How the same bytes ended under the same engine, if this tenant has uploaded them before. */
  findBuilt(job: BuildJob, sha256: string, engine: string): Promise<ReadyBuild | null> {
    return this.database.withTenant(job.tenantId, async (tx) => {
      const known = await tx.versions.findBuilt(sha256, engine);
      if (known === null || known.report === null) return null;
      const { report, artifactSha256, artifactBytes } = known;
      if (artifactSha256 === null || artifactBytes === null) return null;
      // A schema that was uploaded beside it belongs to that version alone.
      const settingsSchema = known.settingsSchemaOrigin === 'module' ? known.settingsSchema : null;
      return { status: 'ready', report, artifactSha256, artifactBytes, engine, settingsSchema };
    });
  }

  /**
   * False when another job has ended the build before.
   *
   * @param isStored whether the artifact is still there, asked once nothing can remove it as unused any more
   * @throws ArtifactGoneError when it is not, so that the build has to be done again
   */
  finish(job: BuildJob, outcome: BuildOutcome, isStored: (sha256: string) => Promise<boolean>): Promise<boolean> {
    return this.database.withTenant(job.tenantId, async (tx) => {
      if (outcome.status === 'ready') await hold(tx, outcome, isStored);
      const first = await tx.versions.finishBuild(job.versionId, outcome);
      if (first) {
        const action = `version.${outcome.status}`;
        await tx.audit.append({ actor: 'system', action, target: job.versionId, details: detailsOf(outcome) });
      }
      return first;
    });
  }

  /**
   * Puts an artifact of this engine in the place of an older one.
   *
   * @returns false when that was done before, or the version is gone
   * @throws ArtifactGoneError as {@link finish} does
   */
  replace(job: BuildJob, built: ReadyBuild, isStored: (sha256: string) => Promise<boolean>): Promise<boolean> {
    return this.database.withTenant(job.tenantId, async (tx) => {
      await hold(tx, built, isStored);
      const before = await tx.versions.find(job.versionId);
      const first = before?.engine !== built.engine && (await tx.versions.replaceArtifact(job.versionId, built));
      if (first) {
        const details = { before: { engine: before?.engine ?? null }, after: detailsOf(built) };
        await tx.audit.append({ actor: 'system', action: 'version.rebuilt', target: job.versionId, details });
      }
      return first;
    });
  }
}

async function hold(
  tx: TenantTransaction,
  { artifactSha256 }: ReadyBuild,
  isStored: (sha256: string) => Promise<boolean>,
): Promise<void> {
  await tx.versions.holdObject(artifactSha256);
  if (!(await isStored(artifactSha256))) throw new ArtifactGoneError('the artifact was removed meanwhile');
}

function detailsOf(outcome: BuildOutcome) {
  if (outcome.status === 'ready') return { artifactSha256: outcome.artifactSha256, engine: outcome.engine };
  if (outcome.status === 'rejected') return { code: outcome.rejection.code };
  return { failure: outcome.failure };
}
