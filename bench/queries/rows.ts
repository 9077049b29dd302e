import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const days = 7;
const dayMs = 86_400_000;
const tenants = 100;
/** The first tenant has this share of all rows; the others share what is left unevenly. */
const firstShare = 0.9;
/** One more tenant that has ten rows in all: two in the middle of each of its days. */
const smallTenant = tenants;
const smallTenantDays = 5;
const functionsPerTenant = 10;
/** Connections that fill at once: one for each core of a small machine. */
const writers = 2;
const closingMsMax = 600_000;

/** Who asks: the tenant with nine tenths of all rows, and the one with ten of them. */
export const askers = { big: 0, small: smallTenant } as const;

/** Ids by number, as long as real ones. */
export const tenantIdOf = (tenant: number) => `tnt_01kaj000000000000000000${String(tenant).padStart(3, '0')}`;
const digits = (from: string) => `lpad((${from})::text, 6, '0')`;

/** What was filled in. */
export interface FilledRows {
  readonly firstDay: Date;
  readonly rows: number;
  readonly seconds: number;
}

/**
 * Fills the table of executions and its sums for the last seven days: a hundred tenants, nine tenths of all rows with the
 * first of them, and one tenant with ten rows; ten functions each, two versions of each a day, one run in twenty-five
 * failed, one in five with a log.
 */
export async function fillRows(ownerUrl: string, rows: number): Promise<FilledRows> {
  const started = performance.now();
  const firstDay = new Date(Math.floor(Date.now() / dayMs) * dayMs - days * dayMs);
  const pool = new pg.Pool({ connectionString: ownerUrl, max: writers });
  try {
    await prepare(pool, firstDay);
    const open = Array.from({ length: days }, (_, day) => day);
    await Promise.all(
      Array.from({ length: writers }, async () => {
        for (let day = open.shift(); day !== undefined; day = open.shift()) {
          await fillDay(pool, new Date(firstDay.getTime() + day * dayMs), day, Math.floor(rows / days));
        }
      }),
    );
    await untilHoursAreClosed(pool, firstDay);
    for (const table of ['execution_minutes', 'execution_hours', 'execution_days', 'chart_sums']) {
      await pool.query(`VACUUM ANALYZE ${table}`);
    }
  } finally {
    await pool.end();
  }
  return { firstDay, rows: Math.floor(rows / days) * days, seconds: (performance.now() - started) / 1_000 };
}

/** The worker adds minutes up into hours and hours into days, as it does every hour. */
async function untilHoursAreClosed(pool: pg.Pool, firstDay: Date): Promise<void> {
  await pool.query('UPDATE closed_hours SET until = $1, days_until = $1', [firstDay]);
  const end = new Date(firstDay.getTime() + days * dayMs);
  const deadline = performance.now() + closingMsMax;
  while (performance.now() < deadline) {
    const { rows } = await pool.query<{ until: Date }>('SELECT days_until AS until FROM closed_hours');
    if (rows[0] !== undefined && rows[0].until >= end) return;
    await delay(200);
  }
  throw new Error('the worker did not close the hours in time');
}

async function prepare(pool: pg.Pool, firstDay: Date): Promise<void> {
  await pool.query(`
    CREATE SCHEMA bench;
    CREATE FUNCTION bench.digit(value bigint) RETURNS text LANGUAGE sql IMMUTABLE
      RETURN substr('0123456789abcdefghjkmnpqrstvwxyz', (value & 31)::integer + 1, 1);
    CREATE FUNCTION bench.ulid(ms bigint) RETURNS text LANGUAGE sql IMMUTABLE
      RETURN bench.digit(ms >> 45) || bench.digit(ms >> 40) || bench.digit(ms >> 35) || bench.digit(ms >> 30)
        || bench.digit(ms >> 25) || bench.digit(ms >> 20) || bench.digit(ms >> 15) || bench.digit(ms >> 10)
        || bench.digit(ms >> 5) || bench.digit(ms);
    CREATE FUNCTION bench.entry(value bigint) RETURNS bytea LANGUAGE sql IMMUTABLE
      RETURN int2send(ceil(8 * ln(greatest(value, 1)::float8) / ln(2::float8) - 1e-9)::smallint) || int4send(1);
    CREATE FUNCTION bench.histogram(entries bytea) RETURNS bytea LANGUAGE sql IMMUTABLE
      RETURN (SELECT string_agg(class || int4send(runs), '') FROM (
        SELECT substr(entries, 6 * n + 1, 2) AS class, count(*)::integer AS runs
          FROM generate_series(0, length(entries) / 6 - 1) AS n GROUP BY 1) AS counted);
    INSERT INTO tenants (id, name, plan)
      SELECT 'tnt_01kaj000000000000000000' || lpad(t::text, 3, '0'), 'Tenant ' || t, 'default'
        FROM generate_series(0, ${smallTenant}) AS t;
    INSERT INTO functions (id, tenant_id, name, extension_point)
      SELECT 'fn_01kaj000000000000000' || ${digits(`t * ${functionsPerTenant} + f`)},
             'tnt_01kaj000000000000000000' || lpad(t::text, 3, '0'), 'function-' || f, 'cart.discounts'
        FROM generate_series(0, ${smallTenant}) AS t, generate_series(0, ${functionsPerTenant - 1}) AS f;`);
  // The partitions of past days are made here: the product makes those of coming days.
  for (let day = 0; day < days; day += 1) {
    const date = new Date(firstDay.getTime() + day * dayMs);
    await pool
      .query(`CREATE TABLE execution_minutes_${nameOf(date)} PARTITION OF execution_minutes
      FOR VALUES FROM ('${date.toISOString()}') TO ('${new Date(date.getTime() + dayMs).toISOString()}')`)
      .catch(onlyIfThere);
  }
}

/** Yesterday's partition is there already. */
function onlyIfThere(error: unknown): void {
  if (!(error instanceof pg.DatabaseError && error.code === '42P07')) throw error;
}

const nameOf = (date: Date) => date.toISOString().slice(0, 10).replaceAll('-', '');

async function fillDay(pool: pg.Pool, date: Date, day: number, rows: number): Promise<void> {
  const client = await pool.connect();
  try {
    const table = `executions_${nameOf(date)}`;
    await client.query("SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'; SET synchronous_commit = off");
    await client.query(`DROP TABLE IF EXISTS ${table}`);
    await client.query(`CREATE TABLE ${table} (LIKE executions INCLUDING ALL EXCLUDING INDEXES)`);
    await client.query(insertRuns(table, date, day, rows));
    const [from, to] = [date.getTime(), date.getTime() + dayMs];
    await client.query(`ALTER TABLE ${table} ADD PRIMARY KEY (tenant_id, id)`);
    await client.query(`CREATE INDEX ON ${table} (tenant_id, function_id, id)`);
    await client.query(`CREATE INDEX ON ${table} (tenant_id, id) WHERE outcome <> 'succeeded'`);
    await client.query(`CREATE INDEX ON ${table} (tenant_id, id) WHERE log <> ''`);
    const { rows: bounds } = await client.query<{ low: string; high: string }>(
      `SELECT 'exe_' || bench.ulid(${from}) AS low, 'exe_' || bench.ulid(${to}) AS high`,
    );
    await client.query(
      `ALTER TABLE executions ATTACH PARTITION ${table} FOR VALUES FROM ('${bounds[0]?.low}') TO ('${bounds[0]?.high}')`,
    );
    await client.query(`VACUUM ANALYZE ${table}`);
    await client.query(addUpMinutes(table));
  } finally {
    client.release();
  }
}

function insertRuns(table: string, date: Date, day: number, rows: number): string {
  const failures = "ARRAY['trap','instruction_limit','deadline','guest_error','invalid_output','memory_limit']";
  const isOfSmallTenant = day < smallTenantDays ? `n - ${Math.floor(rows / 2)} IN (0, 1)` : 'false';
  const logNormal = (mean: number, deviation: number) =>
    `exp(${mean} + ${deviation} * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))::bigint`;
  return `
    INSERT INTO ${table} (tenant_id, id, kind, event_id, function_id, function_name, version_id, extension_point, attempt,
      outcome, message, input, output, log, log_bytes_dropped, instructions_used, fuel_used, memory_bytes_peak, cpu_us,
      wall_us, clock_ms, seed, engine, started_at, recorded_at)
    SELECT 'tnt_01kaj000000000000000000' || lpad(t::text, 3, '0'), 'exe_' || bench.ulid(ms) || substr(md5(n::text), 1, 16),
      CASE WHEN n % 5000 = 0 THEN 'test' ELSE 'event' END, 'evt_' || bench.ulid(ms) || substr(md5((n + 1)::text), 1, 16),
      'fn_01kaj000000000000000' || ${digits(`t * ${functionsPerTenant} + f`)}, 'function-' || f,
      'ver_01kaj000000000000000' || ${digits(`(t * ${functionsPerTenant} + f) * ${days + 1} + v`)}, 'cart.discounts', 1,
      o, 'How it ended, in a sentence.',
      '{"lines":[{"quantity":12,"price":"10.00","sku":"A-' || n || '"}],"customer":{"tags":["vip"]},"currency":"EUR"}',
      CASE WHEN o = 'succeeded' THEN '{"discounts":[{"line":0,"percentage":10,"message":"10% off"}]}' END,
      CASE WHEN n % 5 = 0 THEN 'checked the cart of customer ' || (n % 100000) || E'\\napplied tier ' || (n % 7)
        || ' to order ' || (${day} * ${rows}::bigint + n) ELSE '' END, 0, instructions, instructions, 1114112, wall, wall,
      ms, md5(n::text) || md5((n + 7)::text), '3', to_timestamp(ms / 1000.0), to_timestamp(ms / 1000.0)
    FROM (
      SELECT n, ${date.getTime()} + (n - 1)::bigint * ${dayMs} / ${rows} AS ms,
        CASE WHEN ${isOfSmallTenant} THEN ${smallTenant} WHEN random() < ${firstShare} THEN 0
             ELSE floor(${tenants} * power(random(), 3.3))::integer END AS t,
        floor(${functionsPerTenant} * power(random(), 2))::integer AS f,
        ${day} + (random() < 0.5)::integer AS v, ${logNormal(4, 1)} + 20 AS wall, ${logNormal(9, 0.8)} AS instructions,
        CASE WHEN random() < 0.96 THEN 'succeeded' ELSE (${failures})[1 + floor(6 * power(random(), 2))::integer] END AS o
      FROM generate_series(1, ${rows}) AS n
    ) AS g`;
}

/** As the worker does when it folds: every class of a histogram stands in it once, however many runs a minute had. */
function addUpMinutes(table: string): string {
  return `
    INSERT INTO execution_minutes
    SELECT tenant_id, date_trunc('minute', started_at), function_id, version_id, kind, outcome, count(*),
           sum(instructions_used), min(instructions_used), max(instructions_used), sum(wall_us), min(wall_us),
           max(wall_us), bench.histogram(string_agg(bench.entry(wall_us), '')),
           bench.histogram(string_agg(bench.entry(instructions_used), ''))
      FROM ${table} GROUP BY 1, 2, 3, 4, 5, 6`;
}
