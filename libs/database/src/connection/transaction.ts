import type { SqlRunner } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import pg from 'pg';

/** Runs `work` in a transaction in which row-level security shows the rows of `tenantId` only. */
export function inTenant<Result>(
  pool: pg.Pool,
  tenantId: Id<'tenant'>,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  return inTransaction(pool, work, `BEGIN; SET LOCAL app.tenant_id = ${pg.escapeLiteral(tenantId)}`);
}

/** Runs `work` in a transaction that names no tenant. */
export async function inTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
  begin = 'BEGIN',
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    broken = await rollBack(client);
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * What a transaction gives, and its last statement, which goes out together with the commit. It is made before: what
 * can't be made must end the transaction and not be left out of it.
 */
export interface PipelineEnd<Result> {
  readonly result: Result;
  readonly last: pg.QueryConfig | undefined;
}

/**
 * Runs `work` in a transaction on a pool with `pipeline`, where a statement is sent without waiting for the answers of
 * those before it: begin, work and commit take the round trips that `work` awaits, and no more. Once a statement fails,
 * Postgres refuses all that was sent behind it.
 *
 * @param settings - statements that hold for the transaction, such as `SET LOCAL`
 */
export async function inPipeline<Result>(
  pool: pg.Pool,
  settings: string,
  work: (client: pg.PoolClient) => Promise<PipelineEnd<Result>>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    // By itself, because it can't be misunderstood: were it refused with the rest, what is sent behind it would run alone.
    const beginning = client.query('BEGIN');
    const [, , { result, last }] = await Promise.all([beginning, client.query(settings), work(client)]);
    const ending = last === undefined ? undefined : client.query(last);
    const [commit] = await Promise.all([client.query('COMMIT'), ending]);
    // The commit of a transaction that failed is answered as what it is, without an error.
    if (commit.command !== 'COMMIT') throw new Error('the transaction was rolled back');
    return result;
  } catch (error) {
    broken = await rollBack(client);
    throw error;
  } finally {
    client.release(broken);
  }
}

/** A connection that can't even roll back is thrown away rather than lent again. */
async function rollBack(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Lets code that speaks SQL take part in the transaction of `client`. */
export function runnerOf(client: pg.PoolClient): SqlRunner {
  return { query: async (text, values) => (await client.query<Record<string, unknown>>(text, [...values])).rows };
}
