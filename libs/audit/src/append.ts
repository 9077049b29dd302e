import { type AuditDraft, type AuditEntry, emptyChain } from './audit-entry.js';
import { canonicalJson } from './canonical-json.js';
import { linkAfter } from './chain.js';

/** Runs SQL inside the caller's transaction. */
export interface SqlRunner {
  query(text: string, values: readonly (string | number | null)[]): Promise<readonly Record<string, unknown>[]>;
}

/** More drafts than this in one call are a mistake of the caller's. */
export const draftsPerAppendMax = 1_000;

const insertEntries = `
  INSERT INTO audit_entries (chain, seq, id, at, actor, action, target, request_id, details, prev_hash, hash)
  SELECT chain, seq, id, at, actor, action, target, "requestId", details, "prevHash", hash
    FROM json_to_recordset($1::json) AS e(chain text, seq bigint, id text, at timestamptz, actor text, action text,
      target text, "requestId" text, details jsonb, "prevHash" text, hash text)`;

/**
 * Appends entries to `chain` inside the caller's transaction: they are there if and only if it commits. The chain is
 * locked until then, so append last. Different tenants don't wait for each other.
 *
 * @throws RangeError for more than 1,000 drafts at once.
 */
export async function appendAudit(
  sql: SqlRunner,
  chain: string,
  drafts: readonly AuditDraft[],
  nowMs: number = Date.now(),
): Promise<readonly AuditEntry[]> {
  if (drafts.length === 0) return [];
  if (drafts.length > draftsPerAppendMax) throw new RangeError(`at most ${draftsPerAppendMax} audit entries at once`);
  const [row] = await sql.query('SELECT seq::text AS seq, hash FROM lock_audit_chain($1)', [chain]);
  const head = row === undefined ? emptyChain : { seq: Number(row.seq), hash: String(row.hash) };
  const entries = linkAfter(chain, head, drafts, nowMs);
  await sql.query(insertEntries, [`[${entries.map((entry) => canonicalJson({ ...entry })).join(',')}]`]);
  return entries;
}
