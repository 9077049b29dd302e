import { Inject, Injectable } from '@nestjs/common';
import type { AcceptInvitationBody, Id } from '@tenon/contracts';
import type { Database, IdentityTransaction, Invitation } from '@tenon/database';
import { PasswordCheck } from '../auth/password-check.js';
import { assertGoodPassword } from '../auth/password-rules.js';
import { hashPassword } from '../auth/passwords.js';
import { type OpenedSession, SessionOpener, type SignInRequest } from '../auth/session-opener.js';
import { hashOfToken } from '../auth/session-token.js';
import { forgiveAttempt } from '../auth/sign-in-throttle.js';
import { DATABASE } from '../platform/tokens.js';
import { invalidInvitation, joinByInvitation } from './join-by-invitation.js';

/** Makes members and operators of people who were invited. */
@Injectable()
export class AcceptInvitationService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly check: PasswordCheck,
    private readonly opener: SessionOpener,
  ) {}

  /** @throws ProblemError `invitation_invalid`, and what signing in throws */
  async accept(body: AcceptInvitationBody, request: SignInRequest): Promise<OpenedSession> {
    const { invitation, hasAccount } = await this.#find(body.token);
    const join = hasAccount
      ? await this.#asAccount(invitation, body, request)
      : await this.#asNewcomer(invitation, body);
    const token = await this.database.asIdentity(async (tx) => {
      const userId = await join(tx);
      await joinByInvitation(tx, invitation, userId, request);
      return this.opener.open(tx, userId, 'invitation', request);
    });
    return this.opener.present(token);
  }

  async #find(token: string): Promise<{ invitation: Invitation; hasAccount: boolean }> {
    const hash = hashOfToken(token);
    return this.database.asIdentity(async (tx) => {
      const invitation = hash === undefined ? null : await tx.invitations.findOpen(hash);
      if (invitation === null) throw invalidInvitation();
      return { invitation, hasAccount: (await tx.users.findByEmail(invitation.email)) !== null };
    });
  }

  /** An invitation opens no account that is there: its password has to be shown. */
  async #asAccount({ email }: Invitation, { password }: AcceptInvitationBody, request: SignInRequest) {
    const { user, subjects } = await this.check.prove(email, password, request);
    return async (tx: IdentityTransaction): Promise<Id<'user'>> => {
      await forgiveAttempt(tx, subjects);
      return user.id;
    };
  }

  async #asNewcomer({ email }: Invitation, { password, name = email }: AcceptInvitationBody) {
    assertGoodPassword(password, email, '/body/password');
    const passwordHash = await hashPassword(password);
    return async (tx: IdentityTransaction): Promise<Id<'user'>> => {
      const user = await tx.users.create({ email, name, passwordHash });
      if (user === null) throw invalidInvitation();
      return user.id;
    };
  }
}
