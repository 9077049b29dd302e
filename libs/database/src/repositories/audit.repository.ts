import {
  type AuditDraft,
  type AuditEntry,
  appendAudit,
  type ChainHead,
  ChainVerifier,
  emptyChain,
  type SqlRunner,
  type VerificationResult,
} from '@tenon/audit';
import { type Page, type PageRequest, pageOf } from '../page.js';

/** Numbers travel as text. The name differs from the column's, or ORDER BY would sort the text: 1, 10, 2. */
const columns = 'chain, seq::text AS place, id, at, actor, action, target, request_id, details, prev_hash, hash';
const verifiedPerQuery = 2_000;

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
      `SELECT ${columns} FROM audit_entries
         WHERE chain = $1 AND ($2::text IS NULL OR seq < $2::text::bigint) AND ($3::text IS NULL OR action = $3::text)
         ORDER BY audit_entries.seq DESC LIMIT $4::int`,
      [this.chain, page.cursor ?? null, page.action ?? null, page.limit + 1],
    );
    return pageOf(rows.map(toEntry), page.limit, (entry) => String(entry.seq));
  }

  /** Walks the whole chain from its first entry and compares its end with the recorded head. */
  async verify(): Promise<VerificationResult> {
    // The head is read first: entries that are appended meanwhile are not looked at.
    const head = await this.#head();
    const verifier = new ChainVerifier(this.chain);
    let after = 0;
    while (after < head.seq) {
      const entries = await this.#after(after);
      const whole = entries.every((entry) => entry.seq > head.seq || verifier.next(entry));
      const last = entries.at(-1);
      if (!whole || last === undefined) break;
      after = last.seq;
    }
    return verifier.finish(head);
  }

  async #head(): Promise<ChainHead> {
    const [row] = await this.sql.query('SELECT seq::text AS seq, hash FROM audit_heads WHERE chain = $1', [this.chain]);
    return row === undefined ? emptyChain : { seq: Number(row.seq), hash: String(row.hash) };
  }

  async #after(seq: number): Promise<readonly AuditEntry[]> {
    const rows = await this.sql.query(
      `SELECT ${columns} FROM audit_entries WHERE chain = $1 AND seq > $2::text::bigint ORDER BY audit_entries.seq LIMIT $3::int`,
      [this.chain, String(seq), verifiedPerQuery],
    );
    return rows.map(toEntry);
  }
}

function toEntry(row: Record<string, unknown>): AuditEntry {
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
