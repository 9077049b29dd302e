import { Inject, Injectable } from '@nestjs/common';
import {
  type CreatedInvitationAnswer,
  type Id,
  type InviteOperatorBody,
  type OperatorAnswer,
  type PageQuery,
  ProblemError,
} from '@tenon/contracts';
import type { Database, Operator } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { mintToken } from '../auth/session-token.js';
import { mapPage } from '../http/answer-parts.js';
import type { Caller } from '../http/caller.js';
import { expiryOf, toInvitationAnswer } from '../invitations/invitation-terms.js';
import { DATABASE } from '../platform/tokens.js';

/** The people who operate this installation. */
@Injectable()
export class OperatorsService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async list(query: PageQuery) {
    return mapPage(await this.database.asOperator((tx) => tx.operators.list(query)), toAnswer);
  }

  async dismiss(caller: Caller, userId: Id<'user'>): Promise<void> {
    await this.database.asOperator(async (tx) => {
      if (!(await tx.operators.dismiss(userId))) throw new ProblemError('not_found', 'There is no such operator.');
      await tx.audit.append(auditOf(caller, 'operator.dismissed', userId));
    });
  }

  invite(caller: Caller, { email, expiresAt }: InviteOperatorBody): Promise<CreatedInvitationAnswer> {
    const { token, hash: tokenHash } = mintToken('invitation');
    const expires = expiryOf(expiresAt);
    return this.database.asOperator(async (tx) => {
      const wanted = { email, role: 'operator', tokenHash, expiresAt: expires, invitedBy: caller.actor } as const;
      const created = await tx.invitations.create(wanted);
      const details = { email, expiresAt: expires.toISOString() };
      await tx.audit.append(auditOf(caller, 'operator.invited', created.id, details));
      return { ...toInvitationAnswer(created), token };
    });
  }

  async listInvitations(query: PageQuery) {
    return mapPage(await this.database.asOperator((tx) => tx.invitations.list(query)), toInvitationAnswer);
  }

  async revokeInvitation(caller: Caller, id: Id<'invitation'>): Promise<void> {
    await this.database.asOperator(async (tx) => {
      const found = await tx.invitations.find(id);
      if (found === null) throw new ProblemError('not_found', 'There is no such invitation.');
      if (!(await tx.invitations.revoke(id))) return;
      await tx.audit.append(auditOf(caller, 'invitation.revoked', id, { email: found.email, role: found.role }));
    });
  }
}

function toAnswer({ createdAt, ...operator }: Operator): OperatorAnswer {
  return { ...operator, createdAt: createdAt.toISOString() };
}
