import { type Id, newId, ProblemError, type TestRunAnswer, type TestRunRequest } from '@tenon/contracts';
import type { Database, ExecutionRecord, RunnableFunction } from '@tenon/database';
import { seedFor } from '../executions/determinism.js';
import { keptRecord, recordOf } from '../executions/execution-records.js';
import type { FinishedRun, FunctionRunner } from '../executions/function-runner.js';
import type { GroupRecorder } from '../executions/group-recorder.js';

/** Callers wait, so more than this at once is refused rather than queued. */
export const testRunsMax = 32;
/** Replays are asked for many at a time, and each is as short as its original. */
export const replaysMax = 256;

/** Runs one version on one input while the caller waits, and records it as a test, or as a replay of an earlier run. */
export class TestRunService {
  private readonly running = { test: 0, replay: 0 };

  constructor(
    private readonly database: Pick<Database, 'liveFunctions' | 'withTenant'>,
    private readonly runner: FunctionRunner,
    private readonly recorder: Pick<GroupRecorder, 'record'>,
  ) {}

  /** @throws ProblemError `not_found`, `version_not_ready`, or `unavailable` when too many wait already. */
  async run(request: TestRunRequest): Promise<TestRunAnswer> {
    const [kind, max] =
      request.again === undefined ? (['test', testRunsMax] as const) : (['replay', replaysMax] as const);
    if (this.running[kind] >= max) throw new ProblemError('unavailable', 'too many runs of this kind wait already');
    this.running[kind] += 1;
    try {
      return await this.runNow(request, await this.target(request));
    } finally {
      this.running[kind] -= 1;
    }
  }

  private async target({ tenantId, versionId, again }: TestRunRequest): Promise<RunnableFunction> {
    const settings = again === undefined ? 'current' : again.settingsId;
    const target = await this.database.liveFunctions.byVersion(tenantId, versionId, settings);
    if (target !== null && (again === undefined || target.functionId === again.functionId)) return target;
    const version = await this.database.withTenant(tenantId, (tx) => tx.versions.find(versionId));
    if (version === null || target !== null) throw new ProblemError('not_found', 'There is no such version.');
    throw new ProblemError('version_not_ready', `The version is ${version.status}.`);
  }

  private async runNow(request: TestRunRequest, target: RunnableFunction): Promise<TestRunAnswer> {
    const { tenantId, input, again, actor } = request;
    const executionId = newId('execution');
    const { clockMs = Date.now(), seed = seedFor(executionId, target.functionId) } = again ?? {};
    const run = await this.runner.run(target, { tenantId, input, clockMs, seed });
    await this.recorder.record(tenantId, { executions: [recordFor(request, target, run, executionId)], actor });
    return { executionId };
  }
}

/** A test keeps what it did for whoever asked for it; a replay keeps what its point keeps of any run. */
function recordFor(
  { input, again }: TestRunRequest,
  target: RunnableFunction,
  run: FinishedRun,
  id: Id<'execution'>,
): ExecutionRecord {
  if (again === undefined) return recordOf(target, run, input, { id, kind: 'test', attempt: 1 });
  const step = { target, position: again.position ?? target.position, input, run };
  return keptRecord(step, { id, kind: 'replay', attempt: 1 });
}
