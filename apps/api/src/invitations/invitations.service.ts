import { Inject, Injectable } from '@nestjs/common';
import {
  type CreatedInvitationAnswer,
  type Id,
  type InviteBody,
  type PageQuery,
  ProblemError,
  scopesOfRole,
} from '@tenon/contracts';
import type { Database } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { assertHolds } from '../auth/held-scopes.js';
import { mintToken } from '../auth/session-token.js';
import { mapPage } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';
import { expiryOf, toInvitationAnswer } from './invitation-terms.js';

/** Invitations that wait at the same time; more are a mistake or an attack on somebody's mailbox. */
const openMax = 100;

@Injectable()
export class InvitationsService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Nobody makes somebody else more than they are themselves. */
  create(caller: TenantCaller, { email, role, expiresAt }: InviteBody): Promise<CreatedInvitationAnswer> {
    assertHolds(caller, scopesOfRole(role));
    const { token, hash: tokenHash } = mintToken('invitation');
    const invitation = { email, role, tokenHash, expiresAt: expiryOf(expiresAt), invitedBy: caller.actor };
    return this.database.withTenant(caller.tenantId, async (tx) => {
      if ((await tx.invitations.countOpen()) >= openMax) {
        throw new ProblemError('plan_limit_reached', `At most ${openMax} invitations can be open.`);
      }
      const created = await tx.invitations.create(invitation);
      const details = { email, role, expiresAt: created.expiresAt.toISOString() };
      await tx.audit.append(auditOf(caller, 'member.invited', created.id, details));
      return { ...toInvitationAnswer(created), token };
    });
  }

  async list(caller: TenantCaller, query: PageQuery) {
    const page = await this.database.withTenant(caller.tenantId, (tx) => tx.invitations.list(query));
    return mapPage(page, toInvitationAnswer);
  }

  /** Taking back what is accepted or over changes nothing. */
  async revoke(caller: TenantCaller, id: Id<'invitation'>): Promise<void> {
    await this.database.withTenant(caller.tenantId, async (tx) => {
      const found = await tx.invitations.find(id);
      if (found === null) throw new ProblemError('not_found', 'There is no such invitation.');
      if (!(await tx.invitations.revoke(id))) return;
      const { email, role } = found;
      await tx.audit.append(auditOf(caller, 'invitation.revoked', id, { email, role }));
    });
  }
}
