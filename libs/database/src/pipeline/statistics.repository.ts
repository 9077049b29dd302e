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
  /** One series per function rather than one over all: so many, of those with the most runs. */
  readonly functionsMax?: number | undefined;
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

/** Runs added up by time, read-only, one tenant at a time. */
export class StatisticsRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Series with the most runs first. */
  read(tenantId: Id<'tenant'>, request: StatisticsRequest): Promise<readonly StatisticsSeries[]> {
    return inTenant(this.pool, tenantId, async (client) => {
      await client.query(
        // Starting parallel workers takes longer than they save, and sorting sums longer than finding their bucket.
        `SET LOCAL statement_timeout = ${statementMs}; SET LOCAL jit = off; SET LOCAL work_mem = '16MB';
         SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_sort = off`,
      );
      const functionIds = await busiest(client, tenantId, request);
      const { text, values } = statementFor(tenantId, request, functionIds);
      const { rows } = await client.query<SumRow>(text, values);
      const series = [...Map.groupBy(rows, (row) => row.functionId).values()].map(seriesOf);
      return series.sort((a, b) => b.total.executions - a.total.executions).slice(0, request.functionsMax ?? 1);
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

/** The functions that get a series; undefined where all do. Most tenants have few, and then nothing is added up twice. */
async function busiest(client: pg.PoolClient, tenantId: Id<'tenant'>, request: StatisticsRequest) {
  const { functionsMax } = request;
  if (functionsMax === undefined) return undefined;
  const own = await client.query('SELECT 1 FROM functions WHERE tenant_id = $1 LIMIT $2', [tenantId, functionsMax + 1]);
  if (own.rows.length <= functionsMax) return undefined;
  const { sums, conditions } = sumsFor(tenantId, request, undefined, 'function_id, executions');
  const limit = conditions.place(functionsMax);
  const text = `SELECT function_id AS id FROM (${sums}) AS sums GROUP BY 1 ORDER BY sum(executions) DESC, 1 LIMIT ${limit}`;
  return (await client.query<{ id: string }>(text, conditions.values)).rows.map(({ id }) => id);
}

/** Closed hours serve whole hours; minutes serve what is finer or still open, and deltas what is not folded yet. */
function sumsFor(
  tenantId: Id<'tenant'>,
  request: StatisticsRequest,
  functionIds: readonly string[] | undefined,
  columns: string,
) {
  const conditions = new Conditions(tenantId);
  addSumConditions(conditions, request.filter);
  conditions.add(functionIds, (place) => `function_id = ANY (${place})`);
  const from = conditions.place(request.from);
  const to = conditions.place(request.to);
  const { where } = conditions;
  const byHour = request.bucketSeconds % hourSeconds === 0;
  const hours = `SELECT hour AS at, ${columns} FROM execution_hours
    WHERE ${where} AND hour >= ${from} AND hour < least(${to}, (SELECT until FROM closed_hours)) UNION ALL`;
  const minutesFrom = byHour ? `greatest(${from}, (SELECT until FROM closed_hours))` : from;
  const sums = `${byHour ? hours : ''}
    SELECT minute AS at, ${columns} FROM execution_minutes
      WHERE ${where} AND minute >= ${minutesFrom} AND minute < ${to}
    UNION ALL
    SELECT minute AS at, ${columns} FROM usage_deltas
      WHERE ${where} AND minute >= ${from} AND minute < ${to}`;
  return { sums, conditions };
}

function statementFor(tenantId: Id<'tenant'>, request: StatisticsRequest, functionIds: readonly string[] | undefined) {
  const { sums, conditions } = sumsFor(tenantId, request, functionIds, figures);
  const bucket = conditions.place(request.bucketSeconds);
  // Outcomes are put behind one another like histograms: one row per bucket rather than one per outcome of it is a third
  // less work here, and a tenth of the rows to read.
  const text = `
    SELECT extract(epoch FROM start)::float8 AS start, "functionId", outcomes, wall, "wallMax", instructions,
           "instructionsMax", encode(walls, 'base64') AS "wallHistogram", encode(counts, 'base64') AS "instructionHistogram"
      FROM (
        SELECT date_bin(make_interval(secs => ${bucket}), at, 'epoch') AS start,
               ${request.functionsMax === undefined ? 'NULL::text' : 'function_id'} AS "functionId",
               string_agg(outcome || ' ' || executions, ',') AS outcomes,
               sum(wall_us)::float8 AS wall, max(wall_us_max)::float8 AS "wallMax",
               sum(instructions)::float8 AS instructions, max(instructions_max)::float8 AS "instructionsMax",
               string_agg(wall_histogram, '') AS walls, string_agg(instruction_histogram, '') AS counts
          FROM (${sums}) AS sums GROUP BY 1, 2
      ) AS buckets`;
  return { text, values: conditions.values };
}

function seriesOf(rows: readonly SumRow[]): StatisticsSeries {
  const functionId = rows[0]?.functionId ?? undefined;
  const total = new RunSum();
  const sum = new RunSum();
  const buckets = rows
    .toSorted((a, b) => a.start - b.start)
    .map((row) => {
      sum.clear();
      sum.addRow(row);
      total.addSum(sum);
      return { start: new Date(row.start * 1_000), ...sum.result() };
    });
  return { ...(functionId === undefined ? {} : { functionId }), total: total.result(), buckets };
}

/** Runs of some rows together. */
class RunSum {
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
