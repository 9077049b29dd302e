import type { BuildJob, BuildResult } from '@tenon/contracts';
import type { BuildOutcome } from '@tenon/database';
import type { JobRun } from '@tenon/queue';
import { SandboxClosedError } from '@tenon/sandbox';
import { type Storage, StorageError } from '@tenon/storage';
import type { Logger } from '@tenon/telemetry';
import type { BuildRecords } from './build-records.js';
import { buildSettings } from './build-settings.js';
import { settingsSchemaOf } from './settings-schema.js';

/** The part of the sandbox pool that builds. */
export interface BuildsModules {
  build(module: Uint8Array, options: object, context: { readonly tenantId: string }): Promise<BuildResult>;
}

/** The build failed on our side and should be tried again. */
export class BuildAgainError extends Error {
  override readonly name = 'BuildAgainError';
}

/** A version has no artifact for this engine, and none can be made of it. */
export class RebuildError extends Error {
  override readonly name = 'RebuildError';
}

/** Turns an upload into an artifact, once, however often it is asked. */
export class BuildService {
  private readonly building = new Map<string, Promise<BuildResult>>();

  constructor(
    private readonly records: BuildRecords,
    private readonly storage: Storage,
    private readonly pool: BuildsModules,
    private readonly engine: string,
    private readonly logger: Logger,
  ) {}

  /** @throws BuildAgainError, or what Postgres throws, when another try may help; the job's retry calls again. */
  async build(job: BuildJob, run: JobRun): Promise<void> {
    const begun = await this.records.begin(job);
    if (begun === null) return;
    const outcome = await this.outcomeOf(job, begun.sha256);
    const mayHelp = begun.attempt < buildSettings.attemptsMax && !run.lastAttempt;
    if (outcome.status === 'failed' && mayHelp) throw new BuildAgainError(outcome.failure);
    const first = await this.records.finish(job, outcome, (sha256) => this.storage.has(sha256));
    if (first) this.logger.info({ versionId: job.versionId, status: outcome.status }, 'a build has ended');
  }

  /**
   * Builds a version that is ready once more, for this engine.
   *
   * @returns the hash of its artifact
   * @throws RebuildError when the engine makes nothing of it; BuildAgainError, or what Postgres throws, when another
   *   try may help. The version stays as it was.
   */
  async rebuild(job: BuildJob): Promise<string> {
    const sha256 = await this.records.moduleOf(job);
    if (sha256 === null) throw new RebuildError('the version is gone');
    const outcome = await this.outcomeOf(job, sha256);
    if (outcome.status === 'rejected') throw new RebuildError(`this engine rejects it: ${outcome.rejection.message}`);
    if (outcome.status === 'failed') throw new BuildAgainError(outcome.failure);
    const first = await this.records.replace(job, outcome, (artifact) => this.storage.has(artifact));
    if (first) this.logger.info({ versionId: job.versionId, engine: this.engine }, 'a version was built again');
    return outcome.artifactSha256;
  }

  private async outcomeOf(job: BuildJob, sha256: string): Promise<BuildOutcome> {
    const known = await this.records.findBuilt(job, sha256, this.engine);
    if (known !== null && (await this.storage.has(known.artifactSha256))) return known;
    const startedMs = performance.now();
    try {
      const module = await this.storage.read(sha256, { bytesMax: buildSettings.moduleBytesMax });
      return await this.keep(module, await this.buildOnce(job, sha256, module));
    } catch (error) {
      // The worker is stopping: this is not how the build ended, and another worker will take the job.
      if (error instanceof SandboxClosedError) throw error;
      this.logger.error({ err: error, versionId: job.versionId }, 'a build failed on our side');
      return { status: 'failed', failure: failureSentence(error) };
    } finally {
      const durationMs = Math.round(performance.now() - startedMs);
      this.logger.debug({ versionId: job.versionId, durationMs }, 'a build was tried');
    }
  }

  /** The same upload twice at once is built once in this process; the second one waits for the first. */
  private buildOnce(job: BuildJob, sha256: string, module: Uint8Array): Promise<BuildResult> {
    const key = `${job.tenantId}:${sha256}`;
    const known = this.building.get(key);
    if (known !== undefined) return known;
    const build = this.pool.build(module, {}, { tenantId: job.tenantId }).finally(() => this.building.delete(key));
    this.building.set(key, build);
    return build;
  }

  private async keep(module: Uint8Array, result: BuildResult): Promise<BuildOutcome> {
    if (result.status === 'rejected') return { status: 'rejected', rejection: result.rejection };
    if (result.status === 'failed') return { status: 'failed', failure: result.message };
    const settings = settingsSchemaOf(module);
    if ('rejection' in settings) return { status: 'rejected', rejection: settings.rejection };
    const stored = await this.storage.put(result.artifact, { bytesMax: buildSettings.artifactBytesMax });
    const { sha256: artifactSha256, bytes: artifactBytes } = stored;
    const built = { report: result.report, artifactSha256, artifactBytes, engine: this.engine };
    return { status: 'ready', ...built, settingsSchema: settings.schema };
  }
}

/** What the uploader reads: enough to know that the module is not at fault, nothing about our machines. */
function failureSentence(error: unknown): string {
  if (error instanceof StorageError && error.code === 'not_found') return 'The uploaded module is not in storage.';
  if (error instanceof StorageError) return 'The storage could not be used.';
  return 'The build did not come to an end.';
}
