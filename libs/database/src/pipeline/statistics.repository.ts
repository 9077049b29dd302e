import type { Id, Outcome } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';
import { addSumConditions, Conditions, type ExecutionFilter } from './execution-filter.js';
import { HistogramSum } from './histogram.js';

const statementMs = 5_000;
const hourSeconds = 3_600;
const percentileShares = [0.5, 0.9, 0.99] as const;

/** What is to be added up. */
export interface StatisticsRequest {
  readonly filter: Omit<ExecutionFilter, 'eventId' | 'log' | 'from' | 'to'>;
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
  readonly start: Date;
  readonly functionId: Id<'function'> | null;
  readonly outcome: Outcome;
  readonly executions: number;
  readonly wall: number;
  readonly wallMax: number;
  readonly instructions: number;
  readonly instructionsMax: number;
  readonly wallHistogram: Buffer;
  readonly instructionHistogram: Buffer;
}

/** Runs added up by time, read-only, one tenant at a time. */
export class StatisticsRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Series with the most runs first. */
  read(tenantId: Id<'tenant'>, request: StatisticsRequest): Promise<readonly StatisticsSeries[]> {
    const { text, values } = statementFor(tenantId, request);
    return inTenant(this.pool, tenantId, async (client) => {
      await client.query(`SET LOCAL statement_timeout = ${statementMs}; SET LOCAL jit = off`);
      const { rows } = await client.query<SumRow>(text, values);
      const series = [...Map.groupBy(rows, (row) => row.functionId).values()].map(seriesOf);
      return series.sort((a, b) => b.total.executions - a.total.executions);
    });
  }

  /** The names of a tenant's functions, by id; at most 10,000. */
  functionNames(tenantId: Id<'tenant'>): Promise<ReadonlyMap<string, string>> {
    return inTenant(this.pool, tenantId, async (client) => {
      const text = 'SELECT id, name FROM functions WHERE tenant_id = $1 ORDER BY id LIMIT $2';
      const { rows } = await client.query<{ id: string; name: string }>(text, [tenantId, functionNamesMax]);
      return new Map(rows.map(({ id, name }) => [id, name]));
    });
  }
}

const functionNamesMax = 10_000;

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
    SELECT date_bin(make_interval(secs => ${bucket}), at, 'epoch') AS start,
           ${request.byFunction ? 'function_id' : 'NULL'} AS "functionId", outcome,
           sum(executions)::bigint AS executions, sum(wall_us)::bigint AS wall, max(wall_us_max) AS "wallMax",
           sum(instructions)::bigint AS instructions, max(instructions_max) AS "instructionsMax",
           string_agg(wall_histogram, '') AS "wallHistogram",
           string_agg(instruction_histogram, '') AS "instructionHistogram"
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
  const buckets = [...Map.groupBy(rows, (row) => row.start.getTime())]
    .sort(([a], [b]) => a - b)
    .map(([startMs, inside]) => ({ start: new Date(startMs), ...statisticsOf(inside) }));
  return { ...(functionId === undefined ? {} : { functionId }), total: statisticsOf(rows), buckets };
}

function statisticsOf(rows: readonly SumRow[]): RunStatistics {
  const executions = total(rows, (row) => row.executions);
  const outcomes: Partial<Record<Outcome, number>> = {};
  for (const row of rows) outcomes[row.outcome] = (outcomes[row.outcome] ?? 0) + row.executions;
  const wall = { sum: total(rows, (row) => row.wall), max: largest(rows, (row) => row.wallMax) };
  const instructions = {
    sum: total(rows, (row) => row.instructions),
    max: largest(rows, (row) => row.instructionsMax),
  };
  return {
    executions,
    outcomes,
    wallUs: {
      ...spreadOf(wall, executions),
      ...percentilesOf(
        rows.map((row) => row.wallHistogram),
        wall.max,
      ),
    },
    instructions: {
      ...spreadOf(instructions, executions),
      ...percentilesOf(
        rows.map((row) => row.instructionHistogram),
        instructions.max,
      ),
    },
  };
}

function spreadOf({ sum, max }: { readonly sum: number; readonly max: number }, executions: number) {
  return { mean: Math.round(sum / Math.max(1, executions)), max };
}

/** No percentile is above the largest value, which is known exactly. */
function percentilesOf(histograms: readonly Uint8Array[], max: number) {
  const sum = new HistogramSum();
  for (const histogram of histograms) sum.addAll(histogram);
  const [p50 = 0, p90 = 0, p99 = 0] = percentileShares.map((share) => Math.min(max, sum.percentile(share) ?? 0));
  return { p50, p90, p99 };
}

function total<Row>(rows: readonly Row[], figure: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + figure(row), 0);
}

function largest<Row>(rows: readonly Row[], figure: (row: Row) => number): number {
  return rows.reduce((max, row) => Math.max(max, figure(row)), 0);
}
