import type { Id, Outcome } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';
import { addSumConditions, Conditions, type ExecutionFilter } from './execution-filter.js';
import { HistogramSum } from './histogram.js';

const statementMs = 5_000;
const hourSeconds = 3_600;
const percentileShares = [0.5, 0.9, 0.99] as const;

/** Sums know neither the single run nor its log. */
type SumFilter = Pick<ExecutionFilter, 'functionName' | 'versionId' | 'extensionPoint' | 'outcomes' | 'kind'>;

/** What is to be added up. */
export interface StatisticsRequest {
  readonly filter: SumFilter;
  /** A multiple of the bucket since 1970; the second is excluded. */
  readonly from: Date;
  readonly to: Date;
  /** Length of a bucket: a whole number of minutes that divides an hour, or of hours. */
  readonly bucketSeconds: number;
  /** One series per function rather than one over all. */
  readonly byFunction: boolean;
}

/** How large something was over many runs. Percentiles are within 4.5 %; the others are exact. */
export interface Spread {
  readonly mean: number;
  readonly max: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Runs of one span of time. */
export interface RunStatistics {
  readonly executions: number;
  readonly outcomes: Partial<Record<Outcome, number>>;
  readonly wallUs: Spread;
  readonly instructions: Spread;
}

export interface StatisticsSeries {
  /** Absent for the series over all functions. */
  readonly functionId?: Id<'function'>;
  readonly total: RunStatistics;
  /** Only those in which something ran, oldest first. */
  readonly buckets: readonly (RunStatistics & { readonly start: Date })[];
}

interface SumRow {
  /** Seconds since 1970. */
  readonly start: number;
  readonly functionId: Id<'function'> | null;
  readonly outcome: Outcome;
  readonly executions: number;
  readonly wall: number;
  readonly wallMax: number;
  readonly instructions: number;
  readonly instructionsMax: number;
  /** In base64: shorter than the text that Postgres makes of bytes by itself, and quicker to read. */
  readonly wallHistogram: string;
  readonly instructionHistogram: string;
}

/** Runs added up by time, read-only, one tenant at a time. */
export class StatisticsRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Series with the most runs first. */
  read(tenantId: Id<'tenant'>, request: StatisticsRequest): Promise<readonly StatisticsSeries[]> {
    const { text, values } = statementFor(tenantId, request);
    return inTenant(this.pool, tenantId, async (client) => {
      await client.query(
        `SET LOCAL statement_timeout = ${statementMs}; SET LOCAL jit = off; SET LOCAL work_mem = '16MB'`,
      );
      const { rows } = await client.query<SumRow>(text, values);
      const series = [...Map.groupBy(rows, (row) => row.functionId).values()].map(seriesOf);
      return series.sort((a, b) => b.total.executions - a.total.executions);
    });
  }

  /** The names of these functions of a tenant, by id. */
  functionNames(tenantId: Id<'tenant'>, ids: readonly Id<'function'>[]): Promise<ReadonlyMap<string, string>> {
    return inTenant(this.pool, tenantId, async (client) => {
      const text = 'SELECT id, name FROM functions WHERE tenant_id = $1 AND id = ANY ($2)';
      const { rows } = await client.query<{ id: string; name: string }>(text, [tenantId, ids]);
      return new Map(rows.map(({ id, name }) => [id, name]));
    });
  }
}

const figures = `function_id, outcome, executions, wall_us, wall_us_max, instructions, instructions_max, wall_histogram,
  instruction_histogram`;

/** Closed hours serve whole hours; minutes serve what is finer or still open, and deltas what is not folded yet. */
function statementFor(tenantId: Id<'tenant'>, request: StatisticsRequest) {
  const conditions = new Conditions(tenantId);
  addSumConditions(conditions, request.filter);
  const from = conditions.place(request.from);
  const to = conditions.place(request.to);
  const bucket = conditions.place(request.bucketSeconds);
  const { where } = conditions;
  const byHour = request.bucketSeconds % hourSeconds === 0;
  const hours = `SELECT hour AS at, ${figures} FROM execution_hours
    WHERE ${where} AND hour >= ${from} AND hour < least(${to}, (SELECT until FROM closed_hours)) UNION ALL`;
  const minutesFrom = byHour ? `greatest(${from}, (SELECT until FROM closed_hours))` : from;
  const text = `
    SELECT extract(epoch FROM date_bin(make_interval(secs => ${bucket}), at, 'epoch'))::float8 AS start,
           ${request.byFunction ? 'function_id' : 'NULL::text'} AS "functionId", outcome,
           sum(executions)::float8 AS executions, sum(wall_us)::float8 AS wall, max(wall_us_max)::float8 AS "wallMax",
           sum(instructions)::float8 AS instructions, max(instructions_max)::float8 AS "instructionsMax",
           encode(string_agg(wall_histogram, ''), 'base64') AS "wallHistogram",
           encode(string_agg(instruction_histogram, ''), 'base64') AS "instructionHistogram"
      FROM (${byHour ? hours : ''}
        SELECT minute AS at, ${figures} FROM execution_minutes
          WHERE ${where} AND minute >= ${minutesFrom} AND minute < ${to}
        UNION ALL
        SELECT minute AS at, ${figures} FROM usage_deltas
          WHERE ${where} AND minute >= ${from} AND minute < ${to}
      ) AS sums GROUP BY 1, 2, 3`;
  return { text, values: conditions.values };
}

function seriesOf(rows: readonly SumRow[]): StatisticsSeries {
  const functionId = rows[0]?.functionId ?? undefined;
  const total = new RunSum();
  const buckets = [...Map.groupBy(rows, (row) => row.start)]
    .sort(([a], [b]) => a - b)
    .map(([start, inside]) => {
      const sum = new RunSum();
      for (const row of inside) sum.addRow(row);
      total.addSum(sum);
      return { start: new Date(start * 1_000), ...sum.result() };
    });
  return { ...(functionId === undefined ? {} : { functionId }), total: total.result(), buckets };
}

/** Runs of some rows together. */
class RunSum {
  readonly #outcomes = new Map<Outcome, number>();
  readonly #wall = new SpreadSum();
  readonly #instructions = new SpreadSum();
  #executions = 0;

  addRow(row: SumRow): void {
    this.#count(row.outcome, row.executions);
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
