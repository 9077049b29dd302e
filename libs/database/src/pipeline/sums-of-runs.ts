import { type Fault, type Outcome, outcomes } from '@tenon/contracts';
import { asBytea, HistogramSum } from './histogram.js';

/** What rows of deltas, minutes, hours and days have in common, as Postgres gives it. */
export interface Figures {
  readonly tenant_id: string;
  readonly function_id: string;
  readonly version_id: string;
  readonly kind: string;
  readonly outcome: Outcome;
  readonly executions: number;
  readonly instructions: number;
  readonly instructions_min: number;
  readonly instructions_max: number;
  readonly wall_us: number;
  readonly wall_us_min: number;
  readonly wall_us_max: number;
  readonly wall_histogram: Buffer;
  readonly instruction_histogram: Buffer;
}

/** Of which runs a row of `chart_sums` is: those of one function or of a whole tenant, of one hour or day. */
export type Grain = `${'function' | 'tenant'}_${'hour' | 'day'}`;

/** Says who is to blame for how a run ended: charts have a row for each. */
export const faultOf = (row: Figures): Fault => outcomes[row.outcome].fault;

/** Rows added up. */
export class SumOfRuns {
  readonly #wall = new SpreadSum();
  readonly #instructions = new SpreadSum();
  readonly #outcomes = new Map<string, number>();

  static of(rows: readonly Figures[]): SumOfRuns {
    const sum = new SumOfRuns();
    for (const row of rows) sum.add(row);
    return sum;
  }

  add(row: Figures): void {
    this.#outcomes.set(row.outcome, (this.#outcomes.get(row.outcome) ?? 0) + row.executions);
    this.#wall.add(row.wall_us, row.wall_us_min, row.wall_us_max, row.wall_histogram);
    this.#instructions.add(row.instructions, row.instructions_min, row.instructions_max, row.instruction_histogram);
  }

  /** The columns that minutes, hours and days have beside their key. */
  figures(): object {
    return { ...this.#common(), instructions_min: this.#instructions.min, wall_us_min: this.#wall.min };
  }

  /** The columns that rows of `chart_sums` have beside their key. */
  chartFigures(): object {
    const text = [...this.#outcomes].map(([outcome, executions]) => `${outcome} ${executions}`).join(',');
    return { ...this.#common(), outcomes: text };
  }

  #common() {
    return {
      executions: [...this.#outcomes.values()].reduce((total, executions) => total + executions, 0),
      instructions: this.#instructions.sum,
      instructions_max: this.#instructions.max,
      wall_us: this.#wall.sum,
      wall_us_max: this.#wall.max,
      wall_histogram: asBytea(this.#wall.histogram.encode()),
      instruction_histogram: asBytea(this.#instructions.histogram.encode()),
    };
  }
}

class SpreadSum {
  readonly histogram = new HistogramSum();
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;

  add(sum: number, min: number, max: number, histogram: Buffer): void {
    this.sum += sum;
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
    this.histogram.addAll(histogram);
  }
}

/** Rows of a version that ended alike stand together, each key once. */
export function fineSums(rows: readonly Figures[], time: object): object[] {
  return [...Map.groupBy(rows, fineKey).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { tenant_id, function_id, version_id, kind, outcome } = first;
    return [{ tenant_id, ...time, function_id, version_id, kind, outcome, ...SumOfRuns.of(same).figures() }];
  });
}

function fineKey(row: Figures): string {
  return `${row.tenant_id} ${row.function_id} ${row.version_id} ${row.kind} ${row.outcome}`;
}

/** The row of a chart's sums. @param functionId - Empty for the sum over a tenant. */
export function chartRow(
  key: { readonly tenantId: string; readonly functionId: string; readonly fault: Fault },
  span: { readonly grain: Grain; readonly start: Date },
  sum: SumOfRuns,
): object {
  const { tenantId, functionId, fault } = key;
  return { tenant_id: tenantId, ...span, function_id: functionId, fault, ...sum.chartFigures() };
}
