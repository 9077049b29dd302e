import type { Combination, JsonValue, Outcome } from '@tenon/contracts';
import type { RunnableFunction } from '@tenon/database';
import type { FinishedRun } from '../executions/function-runner.js';
import { changedPointers, mergePatch } from './json-changes.js';

/** A function in its turn. */
export interface Turn {
  readonly target: RunnableFunction;
  /** Its place among the functions of the point, from 1. */
  readonly position: number;
}

/** One run of a point, with what it was given. */
export interface StepRun extends Turn {
  /** JSON text. */
  readonly input: string;
  readonly run: FinishedRun;
}

/** What a function contributed; `skipped` never ran because the result stood without it. */
export interface Contribution extends Turn {
  readonly outcome: Outcome | 'skipped';
  /** JSON Pointers to what it changed, where one can say so: at most 50. */
  readonly changed?: readonly string[];
}

/** What the functions of a point made of an input together. */
export interface PointRun {
  readonly runs: readonly StepRun[];
  readonly outcome: Outcome;
  /** JSON text; only with `succeeded`. */
  readonly output?: string;
  readonly contributions: readonly Contribution[];
}

export type RunTurn = (turn: Turn, input: string) => Promise<FinishedRun>;

/** How a point runs its functions and what it makes of their failures. */
export interface PointTerms {
  readonly combination: Combination;
  /** `open`: what fails is left out. `closed`: one failure is the failure of all. */
  readonly failurePolicy: 'open' | 'closed';
}

const pointersMax = 50;

/**
 * Runs the functions of one point on one input, in their order, and combines what they return as the point says:
 *
 * - `all`: each gets the input; the result is the array of their outputs, in their order.
 * - `first`: one after the other until one succeeds; the result is its output.
 * - `pipeline`: each gets the output of the one before; the result is the last output.
 * - `merge`: each gets the input; their outputs are JSON merge patches, applied in their order to an empty object.
 *
 * Functions that need nothing of each other run at once.
 */
export async function runPoint(
  { combination, failurePolicy }: PointTerms,
  turns: readonly Turn[],
  input: string,
  run: RunTurn,
): Promise<PointRun> {
  if (combination === 'first') return first(turns, input, run, failurePolicy);
  if (combination === 'pipeline') return pipeline(turns, input, run, failurePolicy);
  const [alone] = turns.length === 1 ? turns : [];
  // Most points have one function, and each promise costs every run as much as a hash.
  const runs =
    alone === undefined ? await together(turns, input, run) : [stepOf(alone, input, await run(alone, input))];
  return combination === 'all' ? all(runs, failurePolicy) : merge(runs, failurePolicy);
}

function together(turns: readonly Turn[], input: string, run: RunTurn): Promise<readonly StepRun[]> {
  return Promise.all(turns.map(async (turn) => stepOf(turn, input, await run(turn, input))));
}

function stepOf({ target, position }: Turn, input: string, run: FinishedRun): StepRun {
  return { target, position, input, run };
}

function all(runs: readonly StepRun[], failurePolicy: PointTerms['failurePolicy']): PointRun {
  const outputs = runs.flatMap(({ run: { result } }) => result.output ?? []);
  const outcome = outcomeOf(runs, failurePolicy);
  return { runs, ...ended(outcome, `[${outputs.join(',')}]`), contributions: runs.map(plain) };
}

function merge(runs: readonly StepRun[], failurePolicy: PointTerms['failurePolicy']): PointRun {
  let merged: JsonValue = {};
  const contributions = runs.map((one) => {
    const { output } = one.run.result;
    if (output === undefined) return plain(one);
    const before = merged;
    merged = mergePatch(before, parse(output));
    return { ...plain(one), changed: changedPointers(before, merged, pointersMax) };
  });
  return { runs, ...ended(outcomeOf(runs, failurePolicy), JSON.stringify(merged)), contributions };
}

async function first(
  turns: readonly Turn[],
  input: string,
  run: RunTurn,
  failurePolicy: PointTerms['failurePolicy'],
): Promise<PointRun> {
  const runs: StepRun[] = [];
  for (const turn of turns) {
    const one = { ...turn, input, run: await run(turn, input) };
    runs.push(one);
    if (succeeded(one) || failurePolicy === 'closed') break;
  }
  const last = runs.at(-1);
  const outcome = last?.run.result.outcome ?? 'succeeded';
  return { runs, ...ended(outcome, last?.run.result.output), contributions: withSkipped(turns, runs.map(plain)) };
}

async function pipeline(
  turns: readonly Turn[],
  input: string,
  run: RunTurn,
  failurePolicy: PointTerms['failurePolicy'],
): Promise<PointRun> {
  const runs: StepRun[] = [];
  const contributions: Contribution[] = [];
  let current = input;
  for (const turn of turns) {
    const one = { ...turn, input: current, run: await run(turn, current) };
    runs.push(one);
    const { output } = one.run.result;
    if (output === undefined) {
      contributions.push(plain(one));
      if (failurePolicy === 'closed') break;
    } else {
      contributions.push({ ...plain(one), changed: changedPointers(parse(current), parse(output), pointersMax) });
      current = output;
    }
  }
  return { runs, ...ended(outcomeOf(runs, failurePolicy), current), contributions: withSkipped(turns, contributions) };
}

function plain({ target, position, run }: StepRun): Contribution {
  return { target, position, outcome: run.result.outcome };
}

function withSkipped(turns: readonly Turn[], contributions: readonly Contribution[]): readonly Contribution[] {
  const skipped = turns.slice(contributions.length).map((turn) => ({ ...turn, outcome: 'skipped' as const }));
  return [...contributions, ...skipped];
}

/** Closed: the first failure. Open: a success where there is one. Nothing that ran is nothing that failed. */
function outcomeOf(runs: readonly StepRun[], failurePolicy: PointTerms['failurePolicy']): Outcome {
  const failure = runs.find((one) => !succeeded(one))?.run.result.outcome;
  if (failure === undefined || (failurePolicy === 'open' && runs.some(succeeded))) return 'succeeded';
  return failure;
}

function succeeded({ run }: StepRun): boolean {
  return run.result.outcome === 'succeeded';
}

function ended(outcome: Outcome, output: string | undefined) {
  return outcome === 'succeeded' && output !== undefined ? { outcome, output } : { outcome };
}

function parse(text: string): JsonValue {
  return JSON.parse(text);
}
