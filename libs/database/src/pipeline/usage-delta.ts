import { idTimeMs, outcomes } from '@tenon/contracts';
import type { ExecutionRecord } from './execution-record.js';
import { asBytea, HistogramSum } from './histogram.js';

/** In milliseconds. */
const minute = 60_000;
const hour = 60 * minute;

/** What one micro-batch adds to the usage of one version, for runs of one kind that ended alike in one minute. */
interface Delta {
  readonly functionId: string;
  readonly versionId: string;
  readonly kind: string;
  readonly outcome: ExecutionRecord['outcome'];
  /** The hour (UTC) in which the runs began: for what is charged. In milliseconds, as is the minute. */
  readonly hourMs: number;
  /** The minute (UTC) of the time in their ids: for charts, and for finding them. */
  readonly minuteMs: number;
  readonly runs: ExecutionRecord[];
}

const counterOf = { none: 'succeeded', guest: 'failedGuest', caller: 'failedCaller', ours: 'failedOurs' } as const;

/** Adds executions up, as rows of `usage_deltas`. */
export function usageOf(executions: readonly ExecutionRecord[]) {
  const deltas = new Map<string, Delta>();
  let last: Delta | undefined;
  for (const run of executions) {
    const times = { hourMs: floorTo(hour, run.startedAt.getTime()), minuteMs: floorTo(minute, idTimeMs(run.id)) };
    // Runs of a batch are mostly alike, and a key of text for each of them would be most of the work.
    if (last === undefined || !belongs(last, run, times)) last = deltaOf(deltas, run, times);
    last.runs.push(run);
  }
  return [...deltas.values()].map(rowOf);
}

type Times = Pick<Delta, 'hourMs' | 'minuteMs'>;

function belongs(delta: Delta, run: ExecutionRecord, { hourMs, minuteMs }: Times): boolean {
  return (
    delta.functionId === run.functionId &&
    delta.versionId === run.versionId &&
    delta.kind === run.kind &&
    delta.outcome === run.outcome &&
    delta.hourMs === hourMs &&
    delta.minuteMs === minuteMs
  );
}

function deltaOf(deltas: Map<string, Delta>, run: ExecutionRecord, times: Times): Delta {
  const { functionId, versionId, kind, outcome } = run;
  const key = [functionId, versionId, kind, outcome, times.hourMs, times.minuteMs].join(' ');
  const delta = deltas.get(key) ?? { functionId, versionId, kind, outcome, ...times, runs: [] };
  deltas.set(key, delta);
  return delta;
}

function rowOf({ runs, hourMs, minuteMs, ...key }: Delta) {
  const figures = { executions: runs.length, succeeded: 0, failedGuest: 0, failedCaller: 0, failedOurs: 0 };
  figures[counterOf[outcomes[key.outcome].fault]] = runs.length;
  const instructions = spread(runs.map((run) => run.instructionsUsed));
  const wall = spread(runs.map((run) => run.wallUs));
  return {
    ...key,
    hour: new Date(hourMs).toISOString(),
    minute: new Date(minuteMs).toISOString(),
    ...figures,
    instructions: instructions.sum,
    fuel: sum(runs.map((run) => run.fuelUsed)),
    cpuUs: sum(runs.map((run) => run.cpuUs)),
    instructionsMin: instructions.min,
    instructionsMax: instructions.max,
    instructionHistogram: instructions.histogram,
    wallUs: wall.sum,
    wallUsMin: wall.min,
    wallUsMax: wall.max,
    wallHistogram: wall.histogram,
  };
}

function spread(values: readonly number[]) {
  const histogram = new HistogramSum();
  for (const value of values) histogram.add(value);
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return { sum: sum(values), min, max, histogram: asBytea(histogram.encode()) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function floorTo(spanMs: number, timeMs: number): number {
  return Math.floor(timeMs / spanMs) * spanMs;
}
