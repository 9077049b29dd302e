import type { ExecutionJob, Id } from '@tenon/contracts';
import type { Database, RunnableFunction, StoredEvent } from '@tenon/database';
import type { JobRun } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { type EventRuns, runBatch } from './batch-run.js';
import { needsAnotherTry, recordBatchOf } from './execution-records.js';
import { executionSettings } from './execution-settings.js';
import type { FunctionRunner } from './function-runner.js';

/** Some events of the job failed on our side; the job should come again for them. */
export class RunAgainError extends Error {
  override readonly name = 'RunAgainError';

  constructor(readonly events: number) {
    super(`${events} events failed on our side and will be run again`);
  }
}

type ExecutionsDatabase = Pick<Database, 'events' | 'liveFunctions' | 'recorder'>;

/** Runs the events of a job and records what they did. The same job may come any number of times. */
export class ExecutionService {
  constructor(
    private readonly database: ExecutionsDatabase,
    private readonly runner: FunctionRunner,
    private readonly logger: Logger,
  ) {}

  /** @throws RunAgainError, or what Postgres throws, so that the job comes again. */
  async execute(job: ExecutionJob, run: JobRun): Promise<void> {
    const { tenantId, eventIds } = job;
    const events = (await this.database.events.load(tenantId, eventIds)).filter(isOpen);
    if (events.length === 0) return;
    const functionsFor = await this.functionsFor(tenantId, events);
    const ran = await runBatch(tenantId, inOrder(events, eventIds), functionsFor, this.runner);
    const isFinal = (one: EventRuns) =>
      run.lastAttempt || !needsAnotherTry(one) || events.some((event) => event.id === one.event.id && isWornOut(event));
    const settled = ran.filter(isFinal);
    await this.record(tenantId, settled);
    if (settled.length < ran.length) throw new RunAgainError(ran.length - settled.length);
  }

  /** Asked anew for every job: a version that was activated before the event was sent must be the one that runs. */
  private async functionsFor(tenantId: Id<'tenant'>, events: readonly StoredEvent[]) {
    const types = [...new Set(events.map((event) => event.type))];
    const live = await this.database.liveFunctions.byEventTypes(tenantId, types);
    const byType = new Map<string, readonly RunnableFunction[]>(
      types.map((type) => [type, live.filter((target) => target.point.eventTypes.includes(type))]),
    );
    return (type: string) => byType.get(type) ?? [];
  }

  private async record(tenantId: Id<'tenant'>, settled: readonly EventRuns[]): Promise<void> {
    for (const part of chunks(settled)) {
      const { recorded } = await this.database.recorder.record(tenantId, recordBatchOf(part));
      this.logger.debug({ tenantId, events: part.length, executions: recorded.length }, 'a batch was recorded');
    }
  }
}

/** `ready` as well: a job may outlive its claim, and what it has in hand is as good as what the next claim brings. */
function isOpen(event: StoredEvent): boolean {
  return event.status === 'queued' || event.status === 'ready';
}

function isWornOut(event: StoredEvent): boolean {
  return event.attempts >= executionSettings.claimsMax;
}

function inOrder(events: readonly StoredEvent[], ids: readonly Id<'event'>[]): StoredEvent[] {
  const place = new Map(ids.map((id, index) => [id, index]));
  return events.toSorted((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
}

/** Never splits an event: it is ticked off in the transaction that records all of its runs. */
function* chunks(settled: readonly EventRuns[]): Iterable<EventRuns[]> {
  let part: EventRuns[] = [];
  let executions = 0;
  for (const one of settled) {
    if (part.length > 0 && executions + one.runs.length > executionSettings.executionsPerRecordMax) {
      yield part;
      part = [];
      executions = 0;
    }
    part.push(one);
    executions += one.runs.length;
  }
  if (part.length > 0) yield part;
}
