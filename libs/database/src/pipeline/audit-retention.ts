import { type AuditSeals, appendAudit, operatorChain, prunedAction } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant, inTransaction, runnerOf } from '../connection/transaction.js';

/** Entries that one transaction removes at most: well below a second. */
const entriesPerPrune = 10_000;

/** The oldest part of a chain, which may go. */
interface DuePrune {
  readonly chain: string;
  /** The last entry that goes. */
  readonly seq: number;
  readonly hash: string;
}

const due = 'SELECT chain, seq, hash FROM audit_prunes_due($1, $2, $3)';

export async function prunesDue(pool: pg.Pool, before: Date, chainsMax: number): Promise<readonly DuePrune[]> {
  return (await pool.query<DuePrune>(due, [before, entriesPerPrune, chainsMax])).rows;
}

/**
 * Records in a tenant's chain what goes, and removes it, in one transaction: what is left verifies from a checkpoint
 * that the chain itself vouches for. Needs the recorder's role.
 *
 * @returns how many entries went
 */
export async function pruneTenantChain(pool: pg.Pool, prune: DuePrune, seals: AuditSeals | undefined): Promise<number> {
  return inTenant(pool, prune.chain as Id<'tenant'>, (client) =>
    pruneChain(client, 'prune_tenant_audit', prune, seals),
  );
}

/** The same for the operator's chain, as far as it is due, with the operator's role. */
export async function pruneOperatorChain(
  pool: pg.Pool,
  begin: string,
  before: Date,
  seals: AuditSeals | undefined,
): Promise<number> {
  return inTransaction(
    pool,
    async (client) => {
      const { rows } = await client.query<DuePrune>('SELECT seq, hash FROM operator_prune_due($1, $2)', [
        before,
        entriesPerPrune,
      ]);
      const [found] = rows;
      if (found === undefined) return 0;
      return pruneChain(client, 'prune_operator_audit', { ...found, chain: operatorChain }, seals);
    },
    begin,
  );
}

async function pruneChain(
  client: pg.PoolClient,
  prune: 'prune_tenant_audit' | 'prune_operator_audit',
  { chain, seq, hash }: DuePrune,
  seals: AuditSeals | undefined,
): Promise<number> {
  const details = { seq, hash };
  const draft = { actor: 'system', action: prunedAction, target: chain, details };
  await appendAudit(runnerOf(client), chain, [draft], { seals });
  const { rows } = await client.query<{ removed: number }>(`SELECT ${prune}($1) AS removed`, [seq]);
  return rows[0]?.removed ?? 0;
}
