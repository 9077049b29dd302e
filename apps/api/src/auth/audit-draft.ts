import type { AuditDraft } from '@tenon/audit';
import type { Caller } from '../http/caller.js';

/** What a caller did, as the audit log keeps it: who, from where and in which request come from the caller. */
export function auditOf(
  caller: Caller,
  action: string,
  target: string,
  details: NonNullable<AuditDraft['details']> = {},
): AuditDraft {
  return {
    actor: caller.actor,
    requestId: caller.requestId,
    action,
    target,
    details: { ...details, from: { ...caller.from } },
  };
}
