import { type AuditSeals, appendAudit, operatorChain } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant, runnerOf } from '../connection/transaction.js';
import { deletionOrder, type OwnedTable, readOwnedTables } from './owned-tables.js';

/** What one step removed. */
export interface ErasureStep {
  readonly rows: number;
  /** The tenant is gone, with everything that was its own. */
  readonly done: boolean;
}

const nothing: ErasureStep = { rows: 0, done: false };

const due = `
  SELECT id FROM tenants WHERE status = 'deleting' AND updated_at <= now() - make_interval(secs => $1)
    ORDER BY updated_at, id LIMIT $2`;

/** Of several workers one erases a tenant; the others find it taken. */
const claim = `SELECT pg_try_advisory_xact_lock(hashtextextended('tenon.erasure:' || $1, 0)) AS mine`;

const keepHead = `
  UPDATE tenant_erasures AS e SET audit_seq = h.seq, audit_hash = h.hash FROM erasable_audit_head() AS h
    WHERE e.id = $1 AND h.seq > coalesce(e.audit_seq, 0)`;

/**
 * Removes what a tenant had that its operator has marked for deletion, step by step: each step is one transaction, so a
 * crash loses at most the last one, and whoever goes on needs to know nothing of it. Row-level security lets this role
 * see no row of any other tenant.
 */
export class ErasureRepository {
  constructor(
    private readonly pool: pg.Pool,
    private readonly seals?: AuditSeals,
  ) {}

  /**
   * Tenants to erase, the longest-marked first.
   *
   * @param graceS how long they must have been marked, in seconds: runs in flight end meanwhile
   */
  async due(graceS: number, tenantsMax: number): Promise<readonly Id<'tenant'>[]> {
    const { rows } = await this.pool.query<{ id: Id<'tenant'> }>(due, [graceS, tenantsMax]);
    return rows.map(({ id }) => id);
  }

  /** Removes up to `rowsMax` rows. When none is left, the audit chain goes, and then the tenant itself. */
  eraseSome(tenantId: Id<'tenant'>, rowsMax: number): Promise<ErasureStep> {
    return inTenant(this.pool, tenantId, async (client) => {
      const { rows } = await client.query<{ mine: boolean }>(claim, [tenantId]);
      if (rows[0]?.mine !== true) return nothing;
      const marked = await client.query('SELECT FROM tenants WHERE id = $1', [tenantId]);
      if (marked.rowCount === 0) return { rows: 0, done: true };
      const removed = await removeRows(client, tenantId, rowsMax);
      await note(client, tenantId, removed);
      const total = Object.values(removed).reduce((sum, count) => sum + count, 0);
      if (total > 0) return { rows: total, done: false };
      await this.#finish(client, tenantId);
      return { rows: 0, done: true };
    });
  }

  /** The operators' chain keeps that the tenant was there, and where its own chain ended. */
  async #finish(client: pg.PoolClient, tenantId: Id<'tenant'>): Promise<void> {
    await client.query('DELETE FROM tenants WHERE id = $1', [tenantId]);
    const { rows } = await client.query<ErasureRow>(
      `UPDATE tenant_erasures SET finished_at = now() WHERE id = $1
         RETURNING rows_erased AS "rowsErased", audit_seq AS "auditSeq", audit_hash AS "auditHash"`,
      [tenantId],
    );
    const details = { ...rows[0] };
    const draft = { actor: 'system', action: 'tenant.erased', target: tenantId, details };
    await appendAudit(runnerOf(client), operatorChain, [draft], { seals: this.seals });
  }
}

type Counts = Record<string, number>;

interface ErasureRow {
  readonly rowsErased: Counts;
  readonly auditSeq: number | null;
  readonly auditHash: string | null;
}

async function removeRows(client: pg.PoolClient, tenantId: Id<'tenant'>, rowsMax: number): Promise<Counts> {
  const removed: Counts = {};
  let left = rowsMax;
  const take = (name: string, count: number) => {
    if (count > 0) removed[name] = count;
    left -= count;
  };
  take('users', await countOf(client, 'SELECT erase_people_of_tenant() AS count'));
  // A function and its live deployment point at each other; this unties them.
  await client.query(
    'UPDATE functions SET live_deployment_id = NULL WHERE tenant_id = $1 AND live_deployment_id IS NOT NULL',
    [tenantId],
  );
  for (const table of deletionOrder(await readOwnedTables(client))) {
    if (left <= 0) return removed;
    take(table.name, await removeFrom(client, table, tenantId, left));
  }
  if (left < rowsMax) return removed;
  await client.query(keepHead, [tenantId]);
  take('audit_entries', await countOf(client, 'SELECT erase_audit_chain($1) AS count', [left]));
  return removed;
}

/** The newest rows go first, because a row may point at an older one of its own table. */
async function removeFrom(client: pg.PoolClient, { name, key }: OwnedTable, tenantId: string, rowsMax: number) {
  const columns = key.join(', ');
  const newest = key.map((column) => `${column} DESC`).join(', ');
  const { rowCount } = await client.query(
    `DELETE FROM ${name} WHERE tenant_id = $1 AND (${columns}) IN
       (SELECT ${columns} FROM ${name} WHERE tenant_id = $1 ORDER BY ${newest} LIMIT $2)`,
    [tenantId, rowsMax],
  );
  return rowCount ?? 0;
}

async function countOf(client: pg.PoolClient, text: string, values: readonly unknown[] = []): Promise<number> {
  const { rows } = await client.query<{ count: number }>(text, [...values]);
  return rows[0]?.count ?? 0;
}

async function note(client: pg.PoolClient, tenantId: Id<'tenant'>, removed: Counts): Promise<void> {
  if (Object.keys(removed).length === 0) return;
  const { rows } = await client.query<ErasureRow>(
    'SELECT rows_erased AS "rowsErased" FROM tenant_erasures WHERE id = $1',
    [tenantId],
  );
  const total: Counts = { ...rows[0]?.rowsErased };
  for (const [name, count] of Object.entries(removed)) total[name] = (total[name] ?? 0) + count;
  await client.query('UPDATE tenant_erasures SET rows_erased = $2 WHERE id = $1', [tenantId, JSON.stringify(total)]);
}
