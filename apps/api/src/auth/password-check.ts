import { Inject, Injectable } from '@nestjs/common';
import { ProblemError } from '@tenon/contracts';
import type { Database, User } from '@tenon/database';
import { DATABASE } from '../platform/tokens.js';
import { isPassword } from './passwords.js';
import { RefusalLog } from './refusal-log.js';
import type { SignInRequest } from './session-opener.js';
import { type AttemptSubjects, SignInBlockedError, subjectsOf, takeAttempt } from './sign-in-throttle.js';

/** A person whose password was right, with what to forgive in the transaction that follows. */
export interface ProvedUser {
  readonly user: User;
  readonly subjects: AttemptSubjects;
}

/** Judges passwords, and holds back whoever guesses them. */
@Injectable()
export class PasswordCheck {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly refusals: RefusalLog,
  ) {}

  /**
   * The same work is done and the same answer given for a wrong password, an account without one and no account.
   *
   * @throws ProblemError `sign_in_failed`; SignInBlockedError
   */
  async prove(email: string, password: string, request: SignInRequest): Promise<ProvedUser> {
    const subjects = subjectsOf(email, request.from.address);
    try {
      await takeAttempt(this.database, subjects);
    } catch (error) {
      if (error instanceof SignInBlockedError) this.#refuse('unknown', error, request);
      throw error;
    }
    const user = await this.database.asIdentity((tx) => tx.users.findByEmail(email));
    const right = await isPassword(password, user?.passwordHash ?? null);
    if (right && user !== null) return { user, subjects };
    const problem = new ProblemError('sign_in_failed', 'The address or the password is wrong.');
    this.#refuse(user?.id ?? 'unknown', problem, request);
    throw problem;
  }

  /** What was typed is not written down: people type passwords into the wrong field. */
  #refuse(actor: string, problem: ProblemError, { requestId, from }: SignInRequest): void {
    const details = { from: { ...from } };
    const action = `session.refused.${problem.code}`;
    this.refusals.record({ tenantId: null, actor, action, target: from.address, requestId, details });
  }
}
