import { outcomes, type RetryPolicy } from '@tenon/contracts';
import type { AgainEvent, DoneEvent, PointTodo, WorkEvent } from '@tenon/database';
import type { EventPointRun, EventRuns } from './batch-run.js';
import { executionSettings } from './execution-settings.js';

/** What becomes of an event after its runs. */
export type EventEnd =
  /** Everything is recorded, and nothing is left to do. */
  | { readonly kind: 'done'; readonly event: DoneEvent }
  /** The runs are recorded, and some come again, or were tried as often as they may be. */
  | { readonly kind: 'recorded'; readonly event: AgainEvent }
  /** A run failed on our side: none is recorded, and all come again. */
  | { readonly kind: 'repeat'; readonly event: AgainEvent };

/** What an event without a run says about itself. */
export const noLiveFunctionNote = 'no live function on an extension point that this event type feeds';

export interface EndOptions {
  /** Before the second try of what failed on our side. */
  readonly retryPauseMs: number;
  readonly nowMs: number;
  /** 0 to 1; spreads what failed together. */
  readonly random: () => number;
}

/** Decides what becomes of an event: done, again, or dead. */
export function endOf({ event, points }: EventRuns, options: EndOptions): EventEnd {
  const { id, attempts, failures, todo } = event;
  // What nearly all events are.
  if (todo === null && points.length > 0 && points.every(allSucceeded))
    return { kind: 'done', event: { id, attempts } };
  if (points.some(failedOnOurSide) && failures + 1 < executionSettings.triesMax) {
    const pauseMs = jittered(options.retryPauseMs * 2 ** failures, options);
    const reason = 'a run failed on our side and will be repeated';
    const again = { id, attempts, attemptsNow: attempts, failures: failures + 1, status: 'ready', reason } as const;
    return { kind: 'repeat', event: { ...again, notBefore: later(options, pauseMs), todo: todo ?? undefined } };
  }
  const failed = points.filter((point) => failedOnOurSide(point) || failedRetryably(point));
  const again = failed.filter((point) => !isFinal(point) && mayComeAgain(event, point.point.retry));
  const dead = [...(todo?.dead ?? []), ...failed.filter((point) => !again.includes(point)).map(todoOf)];
  if (again.length > 0) return { kind: 'recorded', event: comingAgain(event, again, dead, options) };
  if (dead.length > 0) return { kind: 'recorded', event: deadEvent(event, dead, failed) };
  const note = points.length === 0 && todo === null ? noLiveFunctionNote : undefined;
  return { kind: 'done', event: { id, attempts, ...(note === undefined ? {} : { note }) } };
}

function comingAgain(
  event: WorkEvent,
  again: readonly EventPointRun[],
  dead: readonly PointTodo[],
  options: EndOptions,
): AgainEvent {
  const { id, attempts, todo } = event;
  const round = roundOf(event);
  // Points of one event may wait for different times; the event comes when the first of them is due.
  const pausesMs = again.map(({ point: { retry } }) => Math.min(retry.delayMs * 2 ** (round - 1), retry.delayMsMax));
  return {
    id,
    attempts,
    attemptsNow: attempts + 1,
    failures: 0,
    status: 'ready',
    reason: `${outcomeNames(again)}: will be tried again`,
    notBefore: later(options, jittered(Math.min(...pausesMs), options)),
    todo: { points: again.map(todoOf), dead, revivedAt: todo?.revivedAt },
  };
}

function deadEvent(event: WorkEvent, dead: readonly PointTodo[], failed: readonly EventPointRun[]): AgainEvent {
  const { id, attempts, todo } = event;
  return {
    id,
    attempts,
    attemptsNow: attempts + 1,
    failures: 0,
    status: 'dead',
    reason: outcomeNames(failed) || 'failed in an earlier attempt',
    todo: { points: dead, revivedAt: todo?.revivedAt },
  };
}

/** Attempts since the event came, or was let try again, this one included. */
function roundOf({ attempts, todo }: WorkEvent): number {
  return attempts + 1 - (todo?.revivedAt ?? 0);
}

function mayComeAgain(event: WorkEvent, retry: RetryPolicy): boolean {
  return roundOf(event) < retry.attemptsMax;
}

/** What failed on our side was tried before; a function whose circuit is open waits for a person or for its repair. */
function isFinal(point: EventPointRun): boolean {
  return failedOnOurSide(point) || point.runs.some(({ run }) => run.result.outcome === 'circuit_open');
}

function allSucceeded({ runs }: EventPointRun): boolean {
  return runs.every(({ run }) => run.result.outcome === 'succeeded');
}

function failedOnOurSide({ runs }: EventPointRun): boolean {
  return runs.some(({ run }) => outcomes[run.result.outcome].fault === 'ours');
}

/** What its extension point wants tried again; not where another function's success stands in for the failure. */
function failedRetryably({ point, runs, outcome }: EventPointRun): boolean {
  if (point.combination === 'first' && outcome === 'succeeded') return false;
  return runs.some(({ run }) => isRetryable(point.retry, run.result.outcome));
}

function isRetryable(retry: RetryPolicy, outcome: string): boolean {
  return outcome === 'circuit_open' || retry.outcomes.some((name) => name === outcome);
}

/** Functions of `all` don't know of each other, so only those that failed come again; else the point as a whole. */
function todoOf({ point, runs }: EventPointRun): PointTodo {
  if (point.combination !== 'all') return { name: point.name };
  const failed = runs.filter(({ run: { result } }) => {
    return outcomes[result.outcome].fault === 'ours' || isRetryable(point.retry, result.outcome);
  });
  return { name: point.name, functions: failed.map(({ target }) => target.functionId) };
}

function outcomeNames(points: readonly EventPointRun[]): string {
  const failures = points.flatMap(({ runs }) => runs.map(({ run }) => run.result.outcome));
  return [...new Set(failures.filter((outcome) => outcome !== 'succeeded'))].join(', ');
}

function jittered(pauseMs: number, { random }: EndOptions): number {
  return pauseMs * (0.5 + random());
}

function later({ nowMs }: EndOptions, pauseMs: number): Date {
  return new Date(nowMs + pauseMs);
}
