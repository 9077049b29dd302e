import { hash as digest } from 'node:crypto';
import { newId } from '@tenon/contracts';
import type { AuditDraft, AuditEntry, AuditRecord, ChainHead } from './audit-entry.js';
import { canonicalJson, type JsonValue, storableText } from './canonical-json.js';
import type { AuditSeals } from './seals.js';

/** What the hash of an entry covers: all of it but the hash itself and the seal, which is made over the hash. */
type Covered = Omit<AuditRecord, 'hash' | 'seal'>;

/** The SHA-256, in hexadecimal, over the canonical JSON of everything in the entry but its hash and seal. */
export function hashOf(entry: Omit<AuditEntry, 'hash' | 'seal'>): string {
  return hashOfRecord({ ...entry, detailsText: canonicalJson(entry.details) });
}

/** The same for an entry whose details are there as text. Nothing is parsed or sorted, so a long chain is quick. */
export function hashOfRecord(record: Covered): string {
  return digest('sha256', `{${coveredMembers(record)}}`, 'hex');
}

/**
 * Whether the hash fits what it covers. Details that are written differently and say the same (other spaces, another
 * order of members) count as unchanged.
 */
export function isSound(record: AuditRecord): boolean {
  if (hashOfRecord(record) === record.hash) return true;
  const detailsText = canonicalTextOf(record.detailsText);
  return detailsText !== undefined && hashOfRecord({ ...record, detailsText }) === record.hash;
}

function canonicalTextOf(text: string): string | undefined {
  try {
    return canonicalJson(JSON.parse(text) as JsonValue);
  } catch {
    return undefined;
  }
}

/** Members in canonical order, written by hand: the generic writer takes five times as long. */
function coveredMembers({
  chain,
  seq,
  id,
  at,
  actor,
  action,
  target,
  requestId,
  detailsText,
  prevHash,
}: Covered): string {
  return (
    `"action":${JSON.stringify(action)},"actor":${JSON.stringify(actor)},"at":${JSON.stringify(at)}` +
    `,"chain":${JSON.stringify(chain)},"details":${detailsText},"id":${JSON.stringify(id)}` +
    `,"prevHash":${JSON.stringify(prevHash)},"requestId":${JSON.stringify(requestId)},"seq":${seq}` +
    `,"target":${JSON.stringify(target)}`
  );
}

export interface LinkOptions {
  /** Milliseconds since 1970, the same for all. */
  readonly atMs: number;
  /** Seals the last one. */
  readonly seals?: AuditSeals | undefined;
}

/** Turns drafts into the entries that follow `head`, in their order. */
export function linkAfter(
  chain: string,
  head: ChainHead,
  drafts: readonly AuditDraft[],
  { atMs, seals }: LinkOptions,
): AuditRecord[] {
  let { seq, hash } = head;
  const at = new Date(atMs).toISOString();
  return drafts.map((draft, place) => {
    seq += 1;
    const covered = { chain, seq, id: newId('audit', atMs), at, ...stored(draft), prevHash: hash };
    hash = hashOfRecord(covered);
    const isLast = place === drafts.length - 1;
    const seal = isLast ? (seals?.seal(chain, { seq, hash }, drafts.length) ?? null) : null;
    return { ...covered, hash, seal };
  });
}

function stored(draft: AuditDraft) {
  return {
    actor: storableText(draft.actor),
    action: storableText(draft.action),
    target: storableText(draft.target),
    requestId: draft.requestId === undefined ? null : storableText(draft.requestId),
    detailsText: draft.details === undefined ? '{}' : canonicalJson(draft.details),
  };
}

/** An entry with its details read. */
export function toEntry({ detailsText, ...rest }: AuditRecord): AuditEntry {
  return { ...rest, details: JSON.parse(detailsText) as AuditEntry['details'] };
}

/** The reverse of {@link toEntry}. */
export function toRecord({ details, ...rest }: AuditEntry): AuditRecord {
  return { ...rest, detailsText: canonicalJson(details) };
}
