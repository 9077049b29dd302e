import type pg from 'pg';
import { inTransaction } from '../connection/transaction.js';
import { lateSums, SumsOfSpan } from './closed-sums.js';
import { type Figures, fineSums } from './sums-of-runs.js';

interface DeltaRow extends Figures {
  readonly minute: Date;
  readonly hour: Date;
  readonly succeeded: number;
  readonly failed_guest: number;
  readonly failed_caller: number;
  readonly failed_ours: number;
  readonly fuel: number;
  readonly cpu_us: number;
}

interface ClosedSpans {
  /** Hours and days before these times are added up. */
  readonly until: Date;
  readonly days_until: Date;
}

/** Rows for the tables of sums. */
interface Sums {
  readonly usage?: readonly object[];
  readonly minutes?: readonly object[];
  readonly hours?: readonly object[];
  readonly days?: readonly object[];
  readonly charts?: readonly object[];
}

const rowsPerFetch = 5_000;
/** Rows that are sent to Postgres at once; one function's may be more. */
const rowsPerWrite = 2_000;

/**
 * Folds up to `rowsMax` deltas into hours of usage and minutes of statistics, in one transaction: each counts once.
 * Deltas of the last `settledMs` wait, so that a minute is written once and not with every batch. What comes so late that
 * its hour or day is added up already is added to that as well.
 *
 * @returns how many were folded; 0 as well while another process folds
 */
export function foldDeltas(pool: pg.Pool, rowsMax: number, settledMs: number): Promise<number> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<DeltaRow>('SELECT * FROM take_usage_deltas($1, $2)', [rowsMax, settledMs]);
    if (rows.length === 0) return 0;
    const closed = (await client.query<ClosedSpans>('SELECT until, days_until FROM closed_spans()')).rows[0];
    if (closed === undefined) throw new Error('nothing says up to when hours are added up');
    const usage = [...Map.groupBy(rows, (row) => `${row.tenant_id} ${row.function_id} ${row.hour.getTime()}`).values()];
    const minutes = [...Map.groupBy(rows, (row) => row.minute.getTime())];
    const hours = lateSums('hour', rows, closed.until);
    const days = lateSums('day', rows, closed.days_until);
    await addSums(client, {
      usage: usage.flatMap(usageRow).sort(byKey),
      minutes: minutes.flatMap(([start, same]) => fineSums(same, { minute: new Date(start) })).sort(byKey),
      hours: [...hours.fine].sort(byKey),
      days: [...days.fine].sort(byKey),
      charts: [...hours.charts, ...days.charts].sort(byKey),
    });
    return rows.length;
  });
}

/**
 * Adds the minutes of the oldest open hour up, once it has been over for `settledMs`.
 *
 * @returns false when there is no such hour, or another process is at it
 */
export function closeHour(pool: pg.Pool, settledMs: number): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const found = await client.query<{ start: Date | null }>('SELECT next_hour_to_close($1) AS start', [settledMs]);
    return closeSpan(client, 'hour', found.rows[0]?.start ?? null);
  });
}

/**
 * Adds the hours of the oldest open day (UTC) up, once all of them are closed.
 *
 * @returns false when there is no such day, or another process is at it
 */
export function closeDay(pool: pg.Pool): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const found = await client.query<{ start: Date | null }>('SELECT next_day_to_close() AS start');
    return closeSpan(client, 'day', found.rows[0]?.start ?? null);
  });
}

async function closeSpan(client: pg.PoolClient, unit: 'hour' | 'day', start: Date | null): Promise<boolean> {
  if (start === null) return false;
  const time = start.toISOString();
  const source = unit === 'hour' ? `minutes_of_hour('${time}')` : `hours_of_day('${time}')`;
  const sums = new SumsOfSpan(unit, start);
  const write = async () => {
    const { fine, charts } = sums.take();
    await addSums(client, unit === 'hour' ? { hours: fine, charts } : { days: fine, charts });
  };
  for await (const rows of rowsByFunction(client, source)) {
    sums.addFunction(rows);
    if (sums.rows >= rowsPerWrite) await write();
  }
  sums.end();
  await write();
  await client.query(`SELECT close_${unit}($1)`, [start]);
  return true;
}

/** The rows of one function after the other; they come in that order, those of a tenant together. */
async function* rowsByFunction(client: pg.PoolClient, source: string): AsyncGenerator<readonly Figures[]> {
  await client.query(`DECLARE sums NO SCROLL CURSOR FOR SELECT * FROM ${source}`);
  let open: Figures[] = [];
  for (;;) {
    const { rows } = await client.query<Figures>(`FETCH ${rowsPerFetch} FROM sums`);
    const groups = [...Map.groupBy([...open, ...rows], (row) => `${row.tenant_id} ${row.function_id}`).values()];
    // The last group may go on in the next fetch.
    open = rows.length === 0 ? [] : (groups.pop() ?? []);
    yield* groups;
    if (rows.length === 0) return;
  }
}

async function addSums(client: pg.PoolClient, { usage, minutes, hours, days, charts }: Sums): Promise<void> {
  const values = [usage, minutes, hours, days, charts].map((rows) => JSON.stringify(rows ?? []));
  await client.query('SELECT add_sums($1, $2, $3, $4, $5)', values);
}

/** One order for all, so that two writers wait for each other instead of locking each other out. */
function byKey(a: object, b: object): number {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function usageRow(same: readonly DeltaRow[]): object[] {
  const [first] = same;
  if (first === undefined) return [];
  return [
    {
      tenant_id: first.tenant_id,
      hour: first.hour,
      function_id: first.function_id,
      executions: total(same, (row) => row.executions),
      succeeded: total(same, (row) => row.succeeded),
      failed_guest: total(same, (row) => row.failed_guest),
      failed_caller: total(same, (row) => row.failed_caller),
      failed_ours: total(same, (row) => row.failed_ours),
      instructions: total(same, (row) => row.instructions),
      fuel: total(same, (row) => row.fuel),
      cpu_us: total(same, (row) => row.cpu_us),
    },
  ];
}

function total<Row>(rows: readonly Row[], figure: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + figure(row), 0);
}
