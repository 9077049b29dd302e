import { Inject, Injectable } from '@nestjs/common';
import type { ChangePasswordBody, SessionAnswer, SignInBody } from '@tenon/contracts';
import type { Database, SignedIn } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { Authenticator } from '../auth/authenticator.js';
import { PasswordCheck } from '../auth/password-check.js';
import { assertGoodPassword } from '../auth/password-rules.js';
import { hashPassword } from '../auth/passwords.js';
import { type OpenedSession, SessionOpener, type SignInRequest } from '../auth/session-opener.js';
import { forgiveAttempt } from '../auth/sign-in-throttle.js';
import type { Caller, OpenSession } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';

/** Signing in and out, by password. */
@Injectable()
export class SessionService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly check: PasswordCheck,
    private readonly opener: SessionOpener,
    private readonly authenticator: Authenticator,
  ) {}

  /** @throws ProblemError `sign_in_failed`, `sign_in_blocked` */
  async signIn({ email, password }: SignInBody, request: SignInRequest): Promise<OpenedSession> {
    const { user, subjects } = await this.check.prove(email, password, request);
    const token = await this.database.asIdentity(async (tx) => {
      await forgiveAttempt(tx, subjects);
      return this.opener.open(tx, user.id, 'password', request);
    });
    this.#forgetFormer(request);
    return this.opener.present(token);
  }

  show({ session, token }: OpenSession): SessionAnswer {
    return this.opener.answer(session, token);
  }

  /** @returns the header that takes the cookie away. */
  async signOut(caller: Caller, { session, token }: OpenSession): Promise<string> {
    await this.database.asIdentity(async (tx) => {
      if (!(await tx.sessions.revoke(session.userId, session.sessionId))) return;
      await tx.audit.append(auditOf(caller, 'session.closed', session.sessionId));
    });
    this.authenticator.forget(token);
    return this.opener.cookie();
  }

  /**
   * Every session of the person ends, this one included: whoever knew the old password may have opened one.
   *
   * @throws ProblemError `sign_in_failed`, `sign_in_blocked`, `invalid_request` for a password that guessers try first
   */
  async changePassword(session: SignedIn, body: ChangePasswordBody, request: SignInRequest): Promise<OpenedSession> {
    const { email, userId } = session;
    assertGoodPassword(body.newPassword, email, '/body/newPassword');
    const { subjects } = await this.check.prove(email, body.currentPassword, request);
    const passwordHash = await hashPassword(body.newPassword);
    const token = await this.database.asIdentity(async (tx) => {
      await forgiveAttempt(tx, subjects);
      await tx.users.setPassword(userId, passwordHash);
      const sessionsEnded = await tx.sessions.revokeAll(userId);
      const opened = await this.opener.open(tx, userId, 'password', request);
      const { requestId, from } = request;
      const details = { sessionsEnded, from: { ...from } };
      await tx.audit.append({ actor: userId, action: 'user.password_changed', target: userId, requestId, details });
      return opened;
    });
    this.#forgetFormer(request);
    return this.opener.present(token);
  }

  #forgetFormer({ formerToken }: SignInRequest): void {
    if (formerToken !== undefined) this.authenticator.forget(formerToken);
  }
}
