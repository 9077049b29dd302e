import { type AppendOptions, type AuditDraft, type AuditRecord, appendAudit, type SqlRunner } from '@tenon/audit';
import { type Page, type PageRequest, pageOf } from '../page.js';

/** Which entries are wanted; what is absent does not narrow. Texts are compared whole. */
export interface AuditFilter {
  readonly action?: string | undefined;
  readonly actor?: string | undefined;
  readonly target?: string | undefined;
  readonly requestId?: string | undefined;
  /** Not before this time. */
  readonly from?: Date | undefined;
  /** Before this time. */
  readonly to?: Date | undefined;
}

/**
 * Numbers travel as text, and so does the time. The name of the place differs from the column's, or ORDER BY would sort
 * the text: 1, 10, 2.
 */
export const auditColumns = `
  chain, seq::text AS place, id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at_text, actor,
  action, target, request_id, details::text AS details_text, prev_hash, hash, seal`;

// Times never go back within a chain, so a range of times is looked up as a range of places: two reads of an index,
// however long the chain is.
const listEntries = `
  SELECT ${auditColumns} FROM audit_entries
    WHERE chain = $1 AND ($2::text IS NULL OR seq < $2::text::bigint)
      AND ($3::text IS NULL OR action = $3) AND ($4::text IS NULL OR actor = $4)
      AND ($5::text IS NULL OR target = $5) AND ($6::text IS NULL OR request_id = $6)
      AND ($7::text IS NULL OR seq >= (SELECT f.seq FROM audit_entries AS f
             WHERE f.chain = $1 AND f.at >= $7::text::timestamptz ORDER BY f.at, f.seq LIMIT 1))
      AND ($8::text IS NULL OR seq <= (SELECT t.seq FROM audit_entries AS t
             WHERE t.chain = $1 AND t.at < $8::text::timestamptz ORDER BY t.at DESC, t.seq DESC LIMIT 1))
    ORDER BY audit_entries.seq DESC LIMIT $9::int`;

/** One audit chain: a tenant's, or the operator's. */
export class AuditRepository {
  constructor(
    private readonly sql: SqlRunner,
    private readonly chain: string,
    private readonly options: AppendOptions = {},
  ) {}

  /** Appends entries that are there if and only if the transaction commits. Call it last: it locks the chain. */
  append(...drafts: readonly AuditDraft[]): Promise<readonly AuditRecord[]> {
    return appendAudit(this.sql, this.chain, drafts, this.options);
  }

  /** Newest first; the cursor is a sequence number. */
  async list(page: PageRequest & AuditFilter): Promise<Page<AuditRecord>> {
    const { cursor, action, actor, target, requestId, from, to, limit } = page;
    const wanted = [cursor, action, actor, target, requestId, from?.toISOString(), to?.toISOString()];
    const values = [this.chain, ...wanted.map((value) => value ?? null), limit + 1];
    const rows = await this.sql.query(listEntries, values);
    return pageOf(rows.map(toAuditRecord), limit, (entry) => String(entry.seq));
  }
}

/** A row of {@link auditColumns} as the entry that was appended. */
export function toAuditRecord(row: Record<string, unknown>): AuditRecord {
  return {
    chain: String(row.chain),
    seq: Number(row.place),
    id: String(row.id),
    at: String(row.at_text),
    actor: String(row.actor),
    action: String(row.action),
    target: String(row.target),
    requestId: row.request_id === null ? null : String(row.request_id),
    detailsText: String(row.details_text),
    prevHash: String(row.prev_hash),
    hash: String(row.hash),
    seal: row.seal === null ? null : String(row.seal),
  };
}
