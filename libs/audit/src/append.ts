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

/** Where a chain ends, once nobody else can append to it before the transaction is over. */
export interface LockedHead {
  readonly head: ChainHead;
  /** The clock of Postgres, or the time of the head where that is later. */
  readonly nowMs: number;
}

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
  options: AppendOptions = {},
): Promise<readonly AuditRecord[]> {
  const chains = appends.filter(({ drafts }) => drafts.length > 0).map(({ chain }) => chain);
  if (chains.length === 0) return [];
  assertBounded(appends);
  const records = linkAppends(await lockAuditHeads(sql, chains), appends, options);
  await sql.query(insertEntries, [entriesText(records)]);
  return records;
}

/**
 * The first half of {@link appendAuditBatch}, for who has something else to write in the round trip of the second:
 * locks the chains until the transaction ends, and says where they end.
 *
 * @throws RangeError for more than 250 chains at once.
 */
export async function lockAuditHeads(
  sql: SqlRunner,
  chains: readonly string[],
): Promise<ReadonlyMap<string, LockedHead>> {
  if (chains.length > chainsPerAppendMax) throw new RangeError(`at most ${chainsPerAppendMax} audit chains at once`);
  const rows = await sql.query(lockChains, [JSON.stringify(chains)]);
  return new Map(
    rows.map(({ chain, place, hash, atMs }) => [
      String(chain),
      { head: { seq: Number(place), hash: String(hash) }, nowMs: Number(atMs) },
    ]),
  );
}

/** The entries that follow the locked heads. @throws RangeError for more than 1,000 entries or 250 chains at once. */
export function linkAppends(
  heads: ReadonlyMap<string, LockedHead>,
  appends: readonly AuditAppend[],
  { seals, atMs }: AppendOptions = {},
): readonly AuditRecord[] {
  assertBounded(appends);
  const byChain = Map.groupBy(appends, ({ chain }) => chain);
  return [...byChain].flatMap(([chain, own]) => {
    const { head, nowMs } = heads.get(chain) ?? { head: emptyChain, nowMs: Date.now() };
    const drafts = own.flatMap((append) => append.drafts);
    return linkAfter(chain, head, drafts, { atMs: atMs ?? nowMs, seals });
  });
}

/** Entries as JSON text, one object per row of `audit_entries`. The details stay the text that was hashed. */
function entriesText(records: readonly AuditRecord[]): string {
  return `[${records.map(rowText).join(',')}]`;
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

function assertBounded(appends: readonly AuditAppend[]): void {
  const chains = new Set(appends.map(({ chain }) => chain));
  if (chains.size > chainsPerAppendMax) throw new RangeError(`at most ${chainsPerAppendMax} audit chains at once`);
  const entries = appends.reduce((sum, { drafts }) => sum + drafts.length, 0);
  if (entries > draftsPerAppendMax) throw new RangeError(`at most ${draftsPerAppendMax} audit entries at once`);
}

/** The details go in as the text that was hashed; parsing and writing them anew would be work for nothing. */
function rowText({ detailsText, ...row }: AuditRecord): string {
  return `${JSON.stringify(row).slice(0, -1)},"details":${detailsText}}`;
}
