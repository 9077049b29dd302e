import { type AuditAppend, AuditSeals, appendAuditBatch } from '@tenon/audit';
import pg from 'pg';
import { auditKeys } from './fixture.js';

/** Connections in the recorder's role, below everything of @tenon/database. */
export function recorderPool(url: string): pg.Pool {
  return new pg.Pool({ connectionString: url, options: '-c role=tenon_recorder', max: 8 });
}

export interface RawAppend {
  readonly appends: readonly AuditAppend[];
  /** The tenants that the transaction names. */
  readonly named: readonly string[];
  readonly atMs?: number | undefined;
  /** False for entries without a seal. */
  readonly sealed?: boolean;
}

/** One transaction of the recorder's. */
export async function appendAsRecorder(
  pool: pg.Pool,
  { appends, named, atMs, sealed = true }: RawAppend,
): Promise<void> {
  const client = await pool.connect();
  const query = async (text: string, values: readonly unknown[]) => (await client.query(text, [...values])).rows;
  const seals = sealed ? new AuditSeals(auditKeys) : undefined;
  try {
    await client.query('BEGIN');
    await client.query("SELECT set_config('app.tenant_ids', $1, true)", [named.join(',')]);
    await appendAuditBatch({ query }, appends, { atMs, seals });
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
