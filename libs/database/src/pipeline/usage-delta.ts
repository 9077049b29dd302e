import { idTimeMs, outcomes } from '@tenon/contracts';
import type { ExecutionRecord } from './execution-record.js';
import { asBytea, HistogramSum } from './histogram.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** What one micro-batch adds to the usage of one version, for runs of one kind that ended alike in one minute. */
interface Delta {
  readonly functionId: string;
  readonly versionId: string;
  readonly kind: string;
  readonly outcome: ExecutionRecord['outcome'];
  /** The hour (UTC) in which the runs began: for what is charged. */
  readonly hour: string;
  /** The minute (UTC) of the time in their ids: for charts, and for finding them. */
  readonly minute: string;
  readonly runs: ExecutionRecord[];
}

const counterOf = { none: 'succeeded', guest: 'failedGuest', caller: 'failedCaller', ours: 'failedOurs' } as const;

/** Adds executions up, as rows of `usage_deltas`. */
export function usageOf(executions: readonly ExecutionRecord[]) {
  const deltas = new Map<string, Delta>();
  for (const run of executions) {
    const { functionId, versionId, kind, outcome } = run;
    const hour = floorTo(hourMs, run.startedAt.getTime());
    const minute = floorTo(minuteMs, idTimeMs(run.id));
    const key = [functionId, versionId, kind, outcome, hour, minute].join(' ');
    const delta = deltas.get(key);
    if (delta === undefined) deltas.set(key, { functionId, versionId, kind, outcome, hour, minute, runs: [run] });
    else delta.runs.push(run);
  }
  return [...deltas.values()].map(rowOf);
}

function rowOf({ runs, ...key }: Delta) {
  const figures = { executions: runs.length, succeeded: 0, failedGuest: 0, failedCaller: 0, failedOurs: 0 };
  figures[counterOf[outcomes[key.outcome].fault]] = runs.length;
  const instructions = spread(runs.map((run) => run.instructionsUsed));
  const wall = spread(runs.map((run) => run.wallUs));
  return {
    ...key,
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

function floorTo(spanMs: number, timeMs: number): string {
  return new Date(Math.floor(timeMs / spanMs) * spanMs).toISOString();
}
