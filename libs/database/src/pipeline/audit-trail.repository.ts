import {
  type AuditEntry,
  type ChainHead,
  ChainVerifier,
  emptyChain,
  operatorChain,
  type VerificationResult,
} from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { databaseRoles } from '../connection/roles.js';
import { inTenant, inTransaction } from '../connection/transaction.js';
import { auditColumns, toAuditEntry } from '../repositories/audit.repository.js';

/** Entries in memory at once, whatever the length of the chain. */
const entriesPerQuery = 5_000;

const readHead = 'SELECT seq, hash FROM audit_heads WHERE chain = $1';
const readEntries = `
  SELECT ${auditColumns} FROM audit_entries WHERE chain = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4`;

type InChain = <Result>(work: (client: pg.PoolClient) => Promise<Result>) => Promise<Result>;

/** Reads whole chains. Each part is a transaction of its own, so a long chain holds nothing up. */
export class AuditTrailRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Walks the tenant's chain from its first entry and compares its end with the recorded head. */
  verify(tenantId: Id<'tenant'>): Promise<VerificationResult> {
    return verifyChain(tenantId, (work) => inTenant(this.pool, tenantId, work));
  }

  /** The same for the chain of what operators did. */
  verifyOperator(): Promise<VerificationResult> {
    const begin = `BEGIN; SET LOCAL ROLE ${databaseRoles.operator}`;
    return verifyChain(operatorChain, (work) => inTransaction(this.pool, work, begin));
  }
}

async function verifyChain(chain: string, inChain: InChain): Promise<VerificationResult> {
  // The head is read first: entries that are appended meanwhile are not looked at.
  const head = await inChain(
    async (client) => (await client.query<ChainHead>(readHead, [chain])).rows[0] ?? emptyChain,
  );
  const verifier = new ChainVerifier(chain);
  let after = 0;
  while (after < head.seq) {
    const entries = await inChain((client) => readAfter(client, chain, after, head.seq));
    const whole = entries.every((entry) => verifier.next(entry));
    const last = entries.at(-1);
    if (!whole || last === undefined) break;
    after = last.seq;
  }
  return verifier.finish(head);
}

async function readAfter(client: pg.PoolClient, chain: string, after: number, to: number): Promise<AuditEntry[]> {
  const values = [chain, after, to, entriesPerQuery];
  return (await client.query<Record<string, unknown>>(readEntries, values)).rows.map(toAuditEntry);
}
