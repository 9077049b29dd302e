import { newId, ProblemError, type TestRunAnswer, type TestRunRequest } from '@tenon/contracts';
import type { Database, RunnableFunction } from '@tenon/database';
import { seedFor } from '../executions/determinism.js';
import { recordOf } from '../executions/execution-records.js';
import type { FunctionRunner } from '../executions/function-runner.js';
import type { GroupRecorder } from '../executions/group-recorder.js';

/** Callers wait, so more than this at once is refused rather than queued. */
export const testRunsMax = 32;

/** Runs one version on one input while the caller waits, and records it as a test. */
export class TestRunService {
  private running = 0;

  constructor(
    private readonly database: Pick<Database, 'liveFunctions' | 'withTenant'>,
    private readonly runner: FunctionRunner,
    private readonly recorder: Pick<GroupRecorder, 'record'>,
  ) {}

  /** @throws ProblemError `not_found`, `version_not_ready`, or `unavailable` when too many wait already. */
  async run(request: TestRunRequest): Promise<TestRunAnswer> {
    if (this.running >= testRunsMax) throw new ProblemError('unavailable', 'too many test runs wait already');
    this.running += 1;
    try {
      return await this.runNow(request, await this.target(request));
    } finally {
      this.running -= 1;
    }
  }

  private async target({ tenantId, versionId }: TestRunRequest): Promise<RunnableFunction> {
    const target = await this.database.liveFunctions.byVersion(tenantId, versionId);
    if (target !== null) return target;
    const version = await this.database.withTenant(tenantId, (tx) => tx.versions.find(versionId));
    if (version === null) throw new ProblemError('not_found', 'There is no such version.');
    throw new ProblemError('version_not_ready', `The version is ${version.status}.`);
  }

  private async runNow({ tenantId, input }: TestRunRequest, target: RunnableFunction): Promise<TestRunAnswer> {
    const executionId = newId('execution');
    const seed = seedFor(executionId, target.functionId);
    const run = await this.runner.run(target, { tenantId, input, clockMs: Date.now(), seed });
    const record = { ...recordOf(target, run, input), id: executionId, kind: 'test' as const, attempt: 1 };
    await this.recorder.record(tenantId, { executions: [record] });
    return { executionId };
  }
}
