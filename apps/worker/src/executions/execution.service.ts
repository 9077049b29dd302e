import type { ExecutionJob, Id } from '@tenon/contracts';
import type { AgainEvent, Database, RecordBatch, RunnableFunction, WorkEvent } from '@tenon/database';
import type { WaitingEvent } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { type EventRuns, type RunOne, runBatch } from './batch-run.js';
import { endOf } from './event-end.js';
import { type EndedEvent, recordBatchOf } from './execution-records.js';
import { executionSettings } from './execution-settings.js';
import type { GroupRecorder } from './group-recorder.js';
import type { LargeBodies } from './large-bodies.js';
import type { LiveFunctions } from './live-functions.js';
import { isRefused } from './refused.js';
import { costOf } from './run-cost.js';

/** What a job cost, and which of its events come again. */
export interface JobEnd {
  readonly fuelUsed: number;
  readonly again: readonly WaitingEvent[];
}

export interface ExecutionParts {
  readonly database: { readonly eventWork: Pick<Database['eventWork'], 'load'> };
  readonly live: Pick<LiveFunctions, 'fedBy'>;
  readonly run: RunOne;
  readonly bodies: Pick<LargeBodies, 'move'>;
  readonly recorder: Pick<GroupRecorder, 'record'>;
  /** Before the second try of what failed on our side. */
  readonly retryPauseMs: number;
  readonly logger: Pick<Logger, 'error'>;
}

/** Runs the events of a job and records what they did. The same job may come any number of times. */
export class ExecutionService {
  constructor(private readonly parts: ExecutionParts) {}

  /** @throws what Postgres throws; then nothing of the job was recorded, or a part of it whole. */
  async execute({ tenantId, eventIds }: ExecutionJob): Promise<JobEnd> {
    const { events, generation } = await this.parts.database.eventWork.load(tenantId, eventIds);
    if (events.length === 0) return { fuelUsed: 0, again: [] };
    const functionsFor = await this.functionsFor(tenantId, generation, events);
    const ran = await runBatch(tenantId, inOrder(events, eventIds), functionsFor, this.parts.run);
    const options = { retryPauseMs: this.parts.retryPauseMs, nowMs: Date.now(), random: Math.random };
    const ended = ran.map((one) => ({ ran: one, end: endOf(one, options) }));
    await this.record(tenantId, ended);
    return { fuelUsed: fuelOf(ran), again: ended.flatMap(({ end }) => comesAgain(tenantId, end)) };
  }

  private async functionsFor(tenantId: Id<'tenant'>, generation: string, events: readonly WorkEvent[]) {
    const types = [...new Set(events.map((event) => event.type))];
    const lists = await Promise.all(types.map((type) => this.parts.live.fedBy(tenantId, generation, type)));
    const byType = new Map<string, readonly RunnableFunction[]>(types.map((type, place) => [type, lists[place] ?? []]));
    return (type: string) => byType.get(type) ?? [];
  }

  private async record(tenantId: Id<'tenant'>, ended: readonly EndedEvent[]): Promise<void> {
    await Promise.all([...chunks(ended)].map((part) => this.recordPart(tenantId, part)));
  }

  /** What Postgres refuses for what it is must neither keep the others waiting nor come again for ever. */
  private async recordPart(tenantId: Id<'tenant'>, part: readonly EndedEvent[]): Promise<void> {
    try {
      const batch = await this.parts.bodies.move(recordBatchOf(part));
      const rest = await this.recordAhead(tenantId, batch, part);
      await this.parts.recorder.record(tenantId, rest);
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (part.length > 1) for (const one of part) await this.recordPart(tenantId, [one]);
      else await this.recordDead(tenantId, part, error);
    }
  }

  private async recordDead(tenantId: Id<'tenant'>, part: readonly EndedEvent[], error: unknown): Promise<void> {
    this.parts.logger.error({ err: error, tenantId }, 'what an event did can not be recorded; the event is dead');
    const againEvents = part.map(({ ran: { event } }) => refusedEvent(event));
    await this.parts.recorder.record(tenantId, { executions: [], againEvents });
  }

  /**
   * An event with more runs than one commit takes is recorded in several, its end with the last of them: until then it
   * is not done, and a job that comes again finds what is there already. Each of them asks whether the event is still to
   * be recorded: nothing is, once it was cancelled.
   *
   * @returns what is left for the last commit
   */
  private async recordAhead(
    tenantId: Id<'tenant'>,
    batch: RecordBatch,
    part: readonly EndedEvent[],
  ): Promise<RecordBatch> {
    const { executionsPerRecordMax } = executionSettings;
    let { executions } = batch;
    const againEvents = part.map(({ ran: { event } }) => unchangedEvent(event));
    while (executions.length > executionsPerRecordMax) {
      const ahead = executions.slice(0, executionsPerRecordMax);
      await this.parts.recorder.record(tenantId, { executions: ahead, againEvents });
      executions = executions.slice(executionsPerRecordMax);
    }
    return executions === batch.executions ? batch : { ...batch, executions };
  }
}

function refusedEvent(event: WorkEvent): AgainEvent {
  return { ...unchangedEvent(event), status: 'dead', reason: 'what its functions did can not be recorded' };
}

/** The event as it was read, which it is only as long as nobody else recorded or cancelled it. */
function unchangedEvent({ id, attempts, failures, todo }: WorkEvent): AgainEvent {
  const same = { id, attempts, attemptsNow: attempts, failures, todo: todo ?? undefined };
  return { ...same, status: 'ready', reason: 'recorded in part' };
}

function fuelOf(ran: readonly EventRuns[]): number {
  let sum = 0;
  for (const { points } of ran) for (const { runs } of points) for (const run of runs) sum += costOf(run);
  return sum;
}

function comesAgain(tenantId: Id<'tenant'>, end: EndedEvent['end']): readonly WaitingEvent[] {
  if (end.kind === 'done' || end.event.status !== 'ready') return [];
  return [toWaiting(tenantId, end.event)];
}

function toWaiting(tenantId: Id<'tenant'>, { id, notBefore }: AgainEvent): WaitingEvent {
  return { id, tenantId, ...(notBefore === undefined ? {} : { notBeforeMs: notBefore.getTime() }) };
}

function inOrder(events: readonly WorkEvent[], ids: readonly Id<'event'>[]): readonly WorkEvent[] {
  const byId = new Map<Id<'event'>, WorkEvent>();
  for (const event of events) byId.set(event.id, event);
  return ids.map((id) => byId.get(id)).filter((event) => event !== undefined);
}

/** What an event adds to a commit: at most, since what is not kept, or is the data of the event, counts as well. */
function sizeOf({ ran: { points } }: EndedEvent): { readonly executions: number; readonly characters: number } {
  let executions = 0;
  let characters = 0;
  for (const { runs } of points) {
    executions += runs.length;
    for (const { input, run } of runs) {
      characters += input.length + run.result.log.length + (run.result.output?.length ?? 0);
    }
  }
  return { executions, characters };
}

/** Never splits an event: its end is in the transaction that records all of its runs. */
function* chunks(ended: readonly EndedEvent[]): Iterable<EndedEvent[]> {
  const { executionsPerRecordMax, charactersPerRecordMax } = executionSettings;
  let part: EndedEvent[] = [];
  let executions = 0;
  let characters = 0;
  for (const one of ended) {
    const own = sizeOf(one);
    const isFull =
      executions + own.executions > executionsPerRecordMax || characters + own.characters > charactersPerRecordMax;
    if (part.length > 0 && isFull) {
      yield part;
      part = [];
      executions = 0;
      characters = 0;
    }
    part.push(one);
    executions += own.executions;
    characters += own.characters;
  }
  if (part.length > 0) yield part;
}
