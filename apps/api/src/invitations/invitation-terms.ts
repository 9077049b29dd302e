import { type InvitationAnswer, ProblemError } from '@tenon/contracts';
import type { Invitation } from '@tenon/database';

const dayMs = 86_400_000;
const defaultMs = 7 * dayMs;
const longestMs = 30 * dayMs;

/** When an invitation ends: as wanted, within a month; else in a week. @throws ProblemError `invalid_request` */
export function expiryOf(wanted: string | undefined): Date {
  const now = Date.now();
  if (wanted === undefined) return new Date(now + defaultMs);
  const time = new Date(wanted);
  if (time.getTime() > now && time.getTime() <= now + longestMs) return time;
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: '/body/expiresAt', message: 'expected a time within the next 30 days' },
  ]);
}

/** An invitation as the API shows it: without its token's hash. */
export function toInvitationAnswer(invitation: Invitation): InvitationAnswer {
  const { id, tenantId, email, role, invitedBy, createdAt, expiresAt } = invitation;
  return {
    id,
    tenantId,
    email,
    role,
    status: statusOf(invitation),
    invitedBy,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  };
}

function statusOf({ acceptedAt, revokedAt, expiresAt }: Invitation): InvitationAnswer['status'] {
  if (acceptedAt !== null) return 'accepted';
  if (revokedAt !== null) return 'revoked';
  return expiresAt.getTime() > Date.now() ? 'open' : 'expired';
}
