import { type AuditDraft, type AuditRecord, type ChainHead, emptyChain } from './audit-entry.js';
import { linkAfter } from './chain.js';
import type { AuditSeals } from './seals.js';

/** Runs SQL inside the caller's transaction. */
export interface SqlRunner {
  query(text: string, values: readonly (string | number | null)[]): Promise<readonly Record<string, unknown>[]>;
}

/** What goes to one chain. */
export interface AuditAppend {
  readonly chain: string;
  readonly drafts: readonly AuditDraft[];
}

export interface AppendOptions {
  readonly seals?: AuditSeals | undefined;
  /** Milliseconds since 1970. Default: the clock of Postgres, which is one for all processes. */
  readonly atMs?: number | undefined;
}

/** More entries than this in one call are a mistake of the caller's. */
export const draftsPerAppendMax = 1_000;
/** Each chain is a lock until the transaction ends, and Postgres has a table of about 6,400 locks in all. */
export const chainsPerAppendMax = 250;

const lockChains = `
  SELECT chain, seq::text AS place, hash, at_ms::text AS "atMs"
    FROM lock_audit_chains(ARRAY(SELECT json_array_elements_text($1::json)))`;

const insertEntries = `
  INSERT INTO audit_entries (chain, seq, id, at, actor, action, target, request_id, details, prev_hash, hash, seal)
  SELECT chain, seq, id, at, actor, action, target, "requestId", details, "prevHash", hash, seal
    FROM json_to_recordset($1::json) AS e(chain text, seq bigint, id text, at timestamptz, actor text, action text,
      target text, "requestId" text, details json, "prevHash" text, hash text, seal text)`;

/**
 * Appends entries to several chains inside the caller's transaction, in two round trips: they are there if and only if
 * it commits. The chains are locked until then, so append last, and once per transaction: locks that are taken in one
 * call never wait for each other in a circle. A chain that is named twice gets the drafts in the order of the calls.
 *
 * @throws RangeError for more than 1,000 entries or 250 chains at once.
 */
export async function appendAuditBatch(
  sql: SqlRunner,
  appends: readonly AuditAppend[],
  { seals, atMs }: AppendOptions = {},
): Promise<readonly AuditRecord[]> {
  const byChain = new Map<string, AuditDraft[]>();
  for (const { chain, drafts } of appends) {
    if (drafts.length > 0) byChain.set(chain, [...(byChain.get(chain) ?? []), ...drafts]);
  }
  if (byChain.size === 0) return [];
  assertBounded(byChain);
  const heads = await lockHeads(sql, [...byChain.keys()]);
  const records = [...byChain].flatMap(([chain, drafts]) => {
    const { head, nowMs } = heads.get(chain) ?? { head: emptyChain, nowMs: Date.now() };
    return linkAfter(chain, head, drafts, { atMs: atMs ?? nowMs, seals });
  });
  await sql.query(insertEntries, [`[${records.map(rowText).join(',')}]`]);
  return records;
}

/** {@link appendAuditBatch} for one chain. */
export function appendAudit(
  sql: SqlRunner,
  chain: string,
  drafts: readonly AuditDraft[],
  options: AppendOptions = {},
): Promise<readonly AuditRecord[]> {
  return appendAuditBatch(sql, [{ chain, drafts }], options);
}

function assertBounded(byChain: ReadonlyMap<string, readonly AuditDraft[]>): void {
  if (byChain.size > chainsPerAppendMax) throw new RangeError(`at most ${chainsPerAppendMax} audit chains at once`);
  let entries = 0;
  for (const drafts of byChain.values()) entries += drafts.length;
  if (entries > draftsPerAppendMax) throw new RangeError(`at most ${draftsPerAppendMax} audit entries at once`);
}

interface LockedHead {
  readonly head: ChainHead;
  /** The clock of Postgres, or the time of the head where that is later. */
  readonly nowMs: number;
}

async function lockHeads(sql: SqlRunner, chains: readonly string[]): Promise<ReadonlyMap<string, LockedHead>> {
  const rows = await sql.query(lockChains, [JSON.stringify(chains)]);
  return new Map(
    rows.map(({ chain, place, hash, atMs }) => [
      String(chain),
      { head: { seq: Number(place), hash: String(hash) }, nowMs: Number(atMs) },
    ]),
  );
}

/** The details go in as the text that was hashed; parsing and writing them anew would be work for nothing. */
function rowText({ detailsText, ...row }: AuditRecord): string {
  return `${JSON.stringify(row).slice(0, -1)},"details":${detailsText}}`;
}
