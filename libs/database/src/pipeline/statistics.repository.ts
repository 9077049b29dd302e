import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';
import { type ClosedSpans, sumsStatement } from './chart-sources.js';
import { RunSum, type SumRow } from './run-sum.js';
import type { StatisticsRequest, StatisticsSeries } from './statistics.js';

const statementMs = 5_000;
const hourSeconds = 3_600;
const daySeconds = 24 * hourSeconds;

interface BucketRow extends SumRow {
  /** Seconds since 1970. */
  readonly start: number;
  readonly functionId: Id<'function'> | null;
}

/** Runs added up by time, read-only, one tenant at a time. */
export class StatisticsRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Series with the most runs first. */
  read(tenantId: Id<'tenant'>, request: StatisticsRequest): Promise<readonly StatisticsSeries[]> {
    return inTenant(this.pool, tenantId, async (client) => {
      // Closing an hour or day in between changes nothing: what it is added up from stays.
      const closed = await prepare(client);
      const functionIds = await busiest(client, tenantId, request, closed);
      const { text, values } = statementFor(tenantId, request, functionIds, closed);
      const { rows } = await client.query<BucketRow>(text, values);
      const series = [...Map.groupBy(rows, (row) => row.functionId).values()].map(seriesOf);
      return series.sort(byRuns).slice(0, request.functionsMax ?? 1);
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

async function prepare(client: pg.PoolClient): Promise<ClosedSpans> {
  // Starting parallel workers takes longer than they save, and sorting sums longer than finding their bucket. Postgres
  // takes the sums of a bucket for ten times of what they need, and would use the disk for a chart of some hundred.
  await client.query(
    `SET LOCAL statement_timeout = ${statementMs}; SET LOCAL jit = off; SET LOCAL work_mem = '16MB';
     SET LOCAL hash_mem_multiplier = 20; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_sort = off`,
  );
  const text = 'SELECT until AS "hoursUntil", days_until AS "daysUntil" FROM closed_hours';
  const [closed] = (await client.query<ClosedSpans>(text)).rows;
  if (closed === undefined) throw new Error('nothing says up to when hours are added up');
  return closed;
}

/** The functions that get a series; undefined where all do. Most tenants have few, and then nothing is added up twice. */
async function busiest(
  client: pg.PoolClient,
  tenantId: Id<'tenant'>,
  request: StatisticsRequest,
  closed: ClosedSpans,
): Promise<readonly string[] | undefined> {
  const { functionsMax } = request;
  if (functionsMax === undefined) return undefined;
  const own = await client.query('SELECT 1 FROM functions WHERE tenant_id = $1 LIMIT $2', [tenantId, functionsMax + 1]);
  if (own.rows.length <= functionsMax) return undefined;
  const asked = { ...request, longest: 'day', byFunction: true } as const;
  const { text: sums, conditions } = sumsStatement(tenantId, asked, closed, 'executions');
  const limit = conditions.place(functionsMax);
  const text = `SELECT function_id AS id FROM (${sums}) AS sums GROUP BY 1 ORDER BY sum(executions) DESC, 1 LIMIT ${limit}`;
  return (await client.query<{ id: string }>(text, conditions.values)).rows.map(({ id }) => id);
}

const figures = `outcomes, wall_us, wall_us_max, instructions, instructions_max, wall_histogram, instruction_histogram`;

function statementFor(
  tenantId: Id<'tenant'>,
  request: StatisticsRequest,
  functionIds: readonly string[] | undefined,
  closed: ClosedSpans,
) {
  const byFunction = request.functionsMax !== undefined;
  const asked = { ...request, longest: longestIn(request.bucketSeconds), byFunction, functionIds };
  const { text: sums, conditions } = sumsStatement(tenantId, asked, closed, figures);
  const bucket = conditions.place(request.bucketSeconds);
  // Outcomes are put behind one another like histograms: one row per bucket rather than one per outcome of it is a third
  // less work here, and a tenth of the rows to read.
  const text = `
    SELECT extract(epoch FROM start)::float8 AS start, "functionId", outcomes, wall, "wallMax", instructions,
           "instructionsMax", encode(walls, 'base64') AS "wallHistogram", encode(counts, 'base64') AS "instructionHistogram"
      FROM (
        SELECT date_bin(make_interval(secs => ${bucket}), at, 'epoch') AS start,
               ${byFunction ? 'function_id' : 'NULL::text'} AS "functionId", string_agg(outcomes, ',') AS outcomes,
               sum(wall_us)::float8 AS wall, max(wall_us_max)::float8 AS "wallMax",
               sum(instructions)::float8 AS instructions, max(instructions_max)::float8 AS "instructionsMax",
               string_agg(wall_histogram, '') AS walls, string_agg(instruction_histogram, '') AS counts
          FROM (${sums}) AS sums GROUP BY 1, 2
      ) AS buckets`;
  return { text, values: conditions.values };
}

/** Closed hours serve whole hours, and closed days whole days. */
function longestIn(bucketSeconds: number): 'minute' | 'hour' | 'day' {
  if (bucketSeconds % daySeconds === 0) return 'day';
  return bucketSeconds % hourSeconds === 0 ? 'hour' : 'minute';
}

/** Of as many runs each, the function with the lower id comes first. */
function byRuns(a: StatisticsSeries, b: StatisticsSeries): number {
  return b.total.executions - a.total.executions || ((a.functionId ?? '') < (b.functionId ?? '') ? -1 : 1);
}

function seriesOf(rows: readonly BucketRow[]): StatisticsSeries {
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
