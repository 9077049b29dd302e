import { Inject, Injectable } from '@nestjs/common';
import { type Id, type SessionAnswer, scopesOfRole } from '@tenon/contracts';
import type { Database, IdentityTransaction, SignedIn, SignInMethod } from '@tenon/database';
import type { RequestOrigin } from '../http/caller.js';
import { DATABASE, IDENTITY } from '../platform/tokens.js';
import { sessionCookie, writeCookie } from './cookies.js';
import type { IdentitySettings } from './identity-settings.js';
import { csrfTokenOf, hashOfToken, mintToken } from './session-token.js';

/** Where a sign-in came from, with the session that its browser had until now. */
export interface SignInRequest {
  readonly requestId: string;
  readonly from: RequestOrigin;
  /** The token of the session that ends when another one opens. */
  readonly formerToken?: string | undefined;
}

/** A session as its browser gets it. */
export interface OpenedSession {
  readonly cookie: string;
  readonly answer: SessionAnswer;
}

/** Opens sessions. Each has a token of its own, whatever the browser sent: nobody can choose another's beforehand. */
@Injectable()
export class SessionOpener {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(IDENTITY) private readonly settings: IdentitySettings,
  ) {}

  /** Opens a session inside the caller's transaction. @returns its token, for {@link present} after the commit. */
  async open(
    tx: IdentityTransaction,
    userId: Id<'user'>,
    method: SignInMethod,
    { requestId, from, formerToken }: SignInRequest,
  ): Promise<string> {
    const former = formerToken === undefined ? undefined : hashOfToken(formerToken);
    if (former !== undefined) await tx.sessions.revokeByToken(former);
    const { token, hash: tokenHash } = mintToken('session');
    const expiresAt = new Date(Date.now() + this.settings.lifetimeS * 1_000);
    const { id } = await tx.sessions.create({ userId, method, tokenHash, expiresAt, ...from });
    const details = { method, from: { ...from } };
    await tx.audit.append({ actor: userId, action: 'session.opened', target: id, requestId, details });
    return token;
  }

  /** The cookie and the answer for a session that was just opened. */
  async present(token: string): Promise<OpenedSession> {
    const hash = hashOfToken(token);
    const { authentication } = this.database;
    const session = hash === undefined ? null : await authentication.sessionByHash(hash, this.settings.idleS);
    if (session === null) throw new Error('a session that was just opened is not there');
    return { cookie: this.cookie(token), answer: this.answer(session, token) };
  }

  /** The `Set-Cookie` header that gives the browser its token; without one, the header that takes it away. */
  cookie(token?: string): string {
    const { secure, lifetimeS } = this.settings;
    const maxAgeS = token === undefined ? 0 : lifetimeS;
    return writeCookie(sessionCookie, token ?? '', { secure, sameSite: 'Strict', maxAgeS });
  }

  answer(session: SignedIn, token: string): SessionAnswer {
    const { sessionId, userId, email, name, operator, createdAt, expiresAt, memberships } = session;
    return {
      id: sessionId,
      user: { id: userId, email, name, operator },
      csrfToken: csrfTokenOf(token),
      tenants: memberships.map(({ tenantId, tenantName, tenantStatus, role }) => {
        return { id: tenantId, name: tenantName, status: tenantStatus, role, scopes: [...scopesOfRole(role)] };
      }),
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
      idleSecondsMax: this.settings.idleS,
    };
  }
}
