import type { ExecutionJob, Id } from '@tenon/contracts';
import type { AgainEvent, Database, RecordBatch, RunnableFunction, WorkEvent } from '@tenon/database';
import type { WaitingEvent } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { type EventRuns, runBatch } from './batch-run.js';
import { needsAnotherTry, recordBatchOf } from './execution-records.js';
import { executionSettings } from './execution-settings.js';
import type { FunctionRunner } from './function-runner.js';
import type { GroupRecorder } from './group-recorder.js';
import type { LiveFunctions } from './live-functions.js';

/** What a job cost, and which of its events come again. */
export interface JobEnd {
  readonly fuelUsed: number;
  readonly again: readonly WaitingEvent[];
}

export interface ExecutionParts {
  readonly database: Pick<Database, 'eventWork'>;
  readonly live: Pick<LiveFunctions, 'fedBy'>;
  readonly runner: Pick<FunctionRunner, 'run'>;
  readonly recorder: Pick<GroupRecorder, 'record'>;
  readonly logger: Logger;
  /** Before the second try of what failed on our side. */
  readonly retryPauseMs: number;
}

/** Runs the events of a job and records what they did. The same job may come any number of times. */
export class ExecutionService {
  constructor(private readonly parts: ExecutionParts) {}

  /** @throws what Postgres throws; then nothing of the job was recorded, or a part of it whole. */
  async execute({ tenantId, eventIds }: ExecutionJob): Promise<JobEnd> {
    const { events, generation } = await this.parts.database.eventWork.load(tenantId, eventIds);
    if (events.length === 0) return { fuelUsed: 0, again: [] };
    const functionsFor = await this.functionsFor(tenantId, generation, events);
    const ran = await runBatch(tenantId, inOrder(events, eventIds), functionsFor, this.parts.runner);
    const again = ran.filter((one) => needsAnotherTry(one) && !isLastTry(one.event));
    const settled = ran.filter((one) => !again.includes(one));
    const againEvents = again.map(({ event }) => this.tryAgain(event));
    await this.record(tenantId, settled, againEvents);
    return { fuelUsed: fuelOf(ran), again: againEvents.map((event) => toWaiting(tenantId, event)) };
  }

  private async functionsFor(tenantId: Id<'tenant'>, generation: string, events: readonly WorkEvent[]) {
    const types = [...new Set(events.map((event) => event.type))];
    const lists = await Promise.all(types.map((type) => this.parts.live.fedBy(tenantId, generation, type)));
    const byType = new Map<string, readonly RunnableFunction[]>(types.map((type, place) => [type, lists[place] ?? []]));
    return (type: string) => byType.get(type) ?? [];
  }

  private tryAgain({ id, attempts, failures, todo }: WorkEvent): AgainEvent {
    // The jitter keeps events that failed together from coming back together.
    const pauseMs = this.parts.retryPauseMs * 2 ** failures * (0.5 + Math.random());
    return {
      id,
      attempts,
      attemptsNow: attempts,
      failures: failures + 1,
      status: 'ready',
      reason: 'a run failed on our side and will be repeated',
      notBefore: new Date(Date.now() + pauseMs),
      todo: todo ?? undefined,
    };
  }

  private async record(
    tenantId: Id<'tenant'>,
    settled: readonly EventRuns[],
    againEvents: readonly AgainEvent[],
  ): Promise<void> {
    const parts = [...chunks(settled)];
    const batches: RecordBatch[] = parts.map((part, place) => recordBatchOf(part, place === 0 ? againEvents : []));
    if (batches.length === 0) batches.push(recordBatchOf([], againEvents));
    await Promise.all(batches.map((batch) => this.parts.recorder.record(tenantId, batch)));
  }
}

function isLastTry(event: WorkEvent): boolean {
  return event.failures + 1 >= executionSettings.triesMax;
}

function fuelOf(ran: readonly EventRuns[]): number {
  return ran.reduce((sum, { runs }) => runs.reduce((own, run) => own + run.result.fuelUsed, sum), 0);
}

function toWaiting(tenantId: Id<'tenant'>, { id, notBefore }: AgainEvent): WaitingEvent {
  return { id, tenantId, ...(notBefore === undefined ? {} : { notBeforeMs: notBefore.getTime() }) };
}

function inOrder(events: readonly WorkEvent[], ids: readonly Id<'event'>[]): WorkEvent[] {
  const place = new Map(ids.map((id, index) => [id, index]));
  return events.toSorted((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
}

/** Never splits an event: its end is in the transaction that records all of its runs. */
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
