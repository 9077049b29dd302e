import type { BuildJob } from '@tenon/contracts';
import type { BuildOutcome, Database } from '@tenon/database';

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

  /** How the same bytes ended under the same engine, if this tenant has uploaded them before. */
  findBuilt(
    job: BuildJob,
    sha256: string,
    engine: string,
  ): Promise<Extract<BuildOutcome, { readonly status: 'ready' }> | null> {
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
      if (outcome.status === 'ready') {
        await tx.versions.holdObject(outcome.artifactSha256);
        if (!(await isStored(outcome.artifactSha256)))
          throw new ArtifactGoneError('the artifact was removed meanwhile');
      }
      const first = await tx.versions.finishBuild(job.versionId, outcome);
      if (first) {
        const action = `version.${outcome.status}`;
        await tx.audit.append({ actor: 'system', action, target: job.versionId, details: detailsOf(outcome) });
      }
      return first;
    });
  }
}

function detailsOf(outcome: BuildOutcome) {
  if (outcome.status === 'ready') return { artifactSha256: outcome.artifactSha256, engine: outcome.engine };
  if (outcome.status === 'rejected') return { code: outcome.rejection.code };
  return { failure: outcome.failure };
}
