import { type AuditDraft, type AuditEntry, appendAudit, type SqlRunner } from '@tenon/audit';
import { type Page, type PageRequest, pageOf } from '../page.js';

/** Numbers travel as text. The name differs from the column's, or ORDER BY would sort the text: 1, 10, 2. */
export const auditColumns =
  'chain, seq::text AS place, id, at, actor, action, target, request_id, details, prev_hash, hash';

/** One audit chain: a tenant's, or the operator's. */
export class AuditRepository {
  constructor(
    private readonly sql: SqlRunner,
    private readonly chain: string,
  ) {}

  /** Appends entries that are there if and only if the transaction commits. Call it last: it locks the chain. */
  append(...drafts: readonly AuditDraft[]): Promise<readonly AuditEntry[]> {
    return appendAudit(this.sql, this.chain, drafts);
  }

  /** Newest first; the cursor is a sequence number. */
  async list(page: PageRequest & { readonly action?: string | undefined }): Promise<Page<AuditEntry>> {
    const rows = await this.sql.query(
      `SELECT ${auditColumns} FROM audit_entries
         WHERE chain = $1 AND ($2::text IS NULL OR seq < $2::text::bigint) AND ($3::text IS NULL OR action = $3::text)
         ORDER BY audit_entries.seq DESC LIMIT $4::int`,
      [this.chain, page.cursor ?? null, page.action ?? null, page.limit + 1],
    );
    return pageOf(rows.map(toAuditEntry), page.limit, (entry) => String(entry.seq));
  }
}

/** A row of {@link auditColumns} as the entry that was appended. */
export function toAuditEntry(row: Record<string, unknown>): AuditEntry {
  return {
    chain: String(row.chain),
    seq: Number(row.place),
    id: String(row.id),
    at: new Date(row.at as string | Date).toISOString(),
    actor: String(row.actor),
    action: String(row.action),
    target: String(row.target),
    requestId: row.request_id === null ? null : String(row.request_id),
    details: row.details as AuditEntry['details'],
    prevHash: String(row.prev_hash),
    hash: String(row.hash),
  };
}
