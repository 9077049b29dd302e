import { type Id, ProblemError } from '@tenon/contracts';
import type { IdentityTransaction, Invitation } from '@tenon/database';
import type { SignInRequest } from '../auth/session-opener.js';

/**
 * Makes the person what the invitation says, and writes it down where it belongs.
 *
 * @throws ProblemError `invitation_invalid` when somebody else accepted it first
 */
export async function joinByInvitation(
  tx: IdentityTransaction,
  { id, tenantId, role, email }: Invitation,
  userId: Id<'user'>,
  { requestId, from }: SignInRequest,
): Promise<void> {
  if (!(await tx.invitations.accept(id))) throw invalidInvitation();
  const details = { invitation: id, email, role, from: { ...from } };
  if (tenantId === null || role === 'operator') {
    await tx.users.makeOperator(userId);
    await tx.audit.append({ actor: userId, action: 'operator.joined', target: userId, requestId, details });
    return;
  }
  await tx.invitations.join(tenantId, userId, role);
  const chain = await tx.auditOf(tenantId);
  await chain.append({ actor: userId, action: 'member.joined', target: userId, requestId, details });
}

/** One answer for an invitation that is unknown, used, revoked or over. */
export function invalidInvitation(): ProblemError {
  return new ProblemError('invitation_invalid', 'The invitation is unknown, used, revoked or over.');
}
