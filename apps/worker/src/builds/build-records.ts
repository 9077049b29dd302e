import type { BuildJob } from '@tenon/contracts';
import type { BuildOutcome, Database } from '@tenon/database';

/** A build that has begun. */
export interface BegunBuild {
  /** Of the uploaded module. */
  readonly sha256: string;
  /** 1 for the first try of this version, over all jobs. */
  readonly attempt: number;
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
      return { status: 'ready', report, artifactSha256, artifactBytes, engine };
    });
  }

  /** False when another job has ended the build before. */
  finish(job: BuildJob, outcome: BuildOutcome): Promise<boolean> {
    return this.database.withTenant(job.tenantId, async (tx) => {
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
