import type { Outcome } from '@tenon/contracts';
import { HistogramSum } from './histogram.js';
import type { RunStatistics, Spread } from './statistics.js';

const percentileShares = [0.5, 0.9, 0.99] as const;

/** What a bucket of a chart was added up from, as Postgres gives it. */
export interface SumRow {
  /** `succeeded 12,trap 1`, in any order; an outcome may come several times. */
  readonly outcomes: string;
  readonly wall: number;
  readonly wallMax: number;
  readonly instructions: number;
  readonly instructionsMax: number;
  /** In base64: shorter than the text that Postgres makes of bytes by itself, and quicker to read. */
  readonly wallHistogram: string;
  readonly instructionHistogram: string;
}

/** Runs of some rows together. */
export class RunSum {
  readonly #outcomes = new Map<Outcome, number>();
  readonly #wall = new SpreadSum();
  readonly #instructions = new SpreadSum();
  #executions = 0;

  clear(): void {
    this.#outcomes.clear();
    this.#wall.clear();
    this.#instructions.clear();
    this.#executions = 0;
  }

  addRow(row: SumRow): void {
    for (const part of row.outcomes.split(',')) {
      const space = part.indexOf(' ');
      this.#count(part.slice(0, space) as Outcome, Number(part.slice(space + 1)));
    }
    this.#wall.addRow(row.wall, row.wallMax, row.wallHistogram);
    this.#instructions.addRow(row.instructions, row.instructionsMax, row.instructionHistogram);
  }

  addSum(other: RunSum): void {
    for (const [outcome, executions] of other.#outcomes) this.#count(outcome, executions);
    this.#wall.addSum(other.#wall);
    this.#instructions.addSum(other.#instructions);
  }

  result(): RunStatistics {
    const executions = this.#executions;
    const [wallUs, instructions] = [this.#wall.result(executions), this.#instructions.result(executions)];
    return { executions, outcomes: Object.fromEntries(this.#outcomes), wallUs, instructions };
  }

  #count(outcome: Outcome, executions: number): void {
    this.#executions += executions;
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + executions);
  }
}

class SpreadSum {
  readonly #histogram = new HistogramSum();
  #sum = 0;
  #max = 0;

  clear(): void {
    this.#histogram.clear();
    this.#sum = 0;
    this.#max = 0;
  }

  addRow(sum: number, max: number, histogram: string): void {
    this.#sum += sum;
    this.#max = Math.max(this.#max, max);
    this.#histogram.addAll(Buffer.from(histogram, 'base64'));
  }

  addSum(other: SpreadSum): void {
    this.#sum += other.#sum;
    this.#max = Math.max(this.#max, other.#max);
    this.#histogram.addSum(other.#histogram);
  }

  /** No percentile is above the largest value, which is known exactly. */
  result(executions: number): Spread {
    const [p50 = 0, p90 = 0, p99 = 0] = this.#histogram
      .percentiles(percentileShares)
      .map((value) => Math.min(this.#max, value));
    return { mean: Math.round(this.#sum / Math.max(1, executions)), max: this.#max, p50, p90, p99 };
  }
}
