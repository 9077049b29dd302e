import type pg from 'pg';
import { inTransaction } from '../connection/transaction.js';
import { asBytea, HistogramSum } from './histogram.js';

/** What rows of deltas, minutes and hours have in common, as Postgres gives it. */
interface Figures {
  readonly tenant_id: string;
  readonly function_id: string;
  readonly version_id: string;
  readonly kind: string;
  readonly outcome: string;
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

type MinuteRow = Figures & { readonly minute: Date };

const minutesPerFetch = 5_000;

/**
 * Folds up to `rowsMax` deltas into hours of usage and minutes of statistics, in one transaction: each counts once.
 * Deltas of the last `settledMs` wait, so that a minute is written once and not with every batch.
 *
 * @returns how many were folded; 0 as well while another process folds
 */
export function foldDeltas(pool: pg.Pool, rowsMax: number, settledMs: number): Promise<number> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<DeltaRow>('SELECT * FROM take_usage_deltas($1, $2)', [rowsMax, settledMs]);
    if (rows.length === 0) return 0;
    const hours = [...Map.groupBy(rows, (row) => `${row.tenant_id} ${row.function_id} ${row.hour.getTime()}`).values()];
    const minutes = [...Map.groupBy(rows, (row) => `${keyOf(row)} ${row.minute.getTime()}`).values()];
    await client.query('SELECT add_usage($1, $2)', [
      JSON.stringify(hours.flatMap(usageRow).sort(byKey)),
      JSON.stringify(minutes.flatMap((same) => summed(same, (first) => ({ minute: first.minute }))).sort(byKey)),
    ]);
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
    const found = await client.query<{ hour: Date | null }>('SELECT next_hour_to_close($1) AS hour', [settledMs]);
    const hour = found.rows[0]?.hour ?? null;
    if (hour === null) return false;
    await client.query(`DECLARE minutes NO SCROLL CURSOR FOR SELECT * FROM minutes_of_hour('${hour.toISOString()}')`);
    let open: MinuteRow[] = [];
    for (;;) {
      const { rows } = await client.query<MinuteRow>(`FETCH ${minutesPerFetch} FROM minutes`);
      const groups = [...Map.groupBy([...open, ...rows], keyOf).values()];
      // The last group may go on in the next fetch.
      open = rows.length === 0 ? [] : (groups.pop() ?? []);
      const closed = groups.flatMap((same) => summed(same, () => ({ hour })));
      if (closed.length > 0) await client.query('SELECT add_execution_hours($1)', [JSON.stringify(closed)]);
      if (rows.length === 0) break;
    }
    await client.query('SELECT close_hour($1)', [hour]);
    return true;
  });
}

function keyOf(row: Figures): string {
  return `${row.tenant_id} ${row.function_id} ${row.version_id} ${row.kind} ${row.outcome}`;
}

/** One order for all, so that two writers wait for each other instead of locking each other out. */
function byKey(a: object, b: object): number {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Rows of one key as one row; none for none. */
function summed<Row extends Figures>(same: readonly Row[], time: (first: Row) => object): object[] {
  const [first] = same;
  if (first === undefined) return [];
  const [wall, instructions] = [new HistogramSum(), new HistogramSum()];
  for (const row of same) {
    wall.addAll(row.wall_histogram);
    instructions.addAll(row.instruction_histogram);
  }
  const { tenant_id, function_id, version_id, kind, outcome } = first;
  return [
    {
      tenant_id,
      ...time(first),
      function_id,
      version_id,
      kind,
      outcome,
      executions: total(same, (row) => row.executions),
      instructions: total(same, (row) => row.instructions),
      instructions_min: Math.min(...same.map((row) => row.instructions_min)),
      instructions_max: Math.max(...same.map((row) => row.instructions_max)),
      wall_us: total(same, (row) => row.wall_us),
      wall_us_min: Math.min(...same.map((row) => row.wall_us_min)),
      wall_us_max: Math.max(...same.map((row) => row.wall_us_max)),
      wall_histogram: asBytea(wall.encode()),
      instruction_histogram: asBytea(instructions.encode()),
    },
  ];
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
