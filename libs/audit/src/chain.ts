import { createHash } from 'node:crypto';
import { newId } from '@tenon/contracts';
import type { AuditDraft, AuditEntry, ChainHead } from './audit-entry.js';
import { canonicalJson, storableText } from './canonical-json.js';

/** The SHA-256, in hexadecimal, over the canonical JSON of everything in the entry but the hash itself. */
export function hashOf(entry: Omit<AuditEntry, 'hash'>): string {
  const { chain, seq, id, at, actor, action, target, requestId, details, prevHash } = entry;
  const covered = canonicalJson({ chain, seq, id, at, actor, action, target, requestId, details, prevHash });
  return createHash('sha256').update(covered).digest('hex');
}

/** Turns drafts into the entries that follow `head`, in their order, all at the time `atMs`. */
export function linkAfter(chain: string, head: ChainHead, drafts: readonly AuditDraft[], atMs: number): AuditEntry[] {
  let { seq, hash } = head;
  const at = new Date(atMs).toISOString();
  return drafts.map((draft) => {
    seq += 1;
    const unsealed = { chain, seq, id: newId('audit', atMs), at, ...stored(draft), prevHash: hash };
    hash = hashOf(unsealed);
    return { ...unsealed, hash };
  });
}

function stored(draft: AuditDraft) {
  return {
    actor: storableText(draft.actor),
    action: storableText(draft.action),
    target: storableText(draft.target),
    requestId: draft.requestId === undefined ? null : storableText(draft.requestId),
    details: draft.details ?? {},
  };
}
