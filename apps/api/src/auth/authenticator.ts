import { Inject, Injectable } from '@nestjs/common';
import { apiKeyKindOf, hashApiKeyText, ProblemError } from '@tenon/contracts';
import type { AuthenticatedKey, Database, SignedIn } from '@tenon/database';
import type { OpenSession } from '../http/caller.js';
import { DATABASE, IDENTITY } from '../platform/tokens.js';
import { AnswerCache } from '../schemas/answer-cache.js';
import { cookieName, readCookie, sessionCookie } from './cookies.js';
import type { IdentitySettings } from './identity-settings.js';
import { hashOfToken } from './session-token.js';

/** A key or session that was revoked opens nothing after this time in any process. */
const cacheMs = 500;
const keysMax = 10_000;
const sessionsMax = 10_000;

const bearer = /^Bearer ([!-~]{1,128})$/i;

/** Finds out whose key or session a request carries. */
@Injectable()
export class Authenticator {
  readonly #keys = new AnswerCache<string, AuthenticatedKey>(keysMax, cacheMs);
  readonly #sessions = new AnswerCache<string, SignedIn>(sessionsMax, cacheMs);

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(IDENTITY) private readonly settings: IdentitySettings,
  ) {}

  /**
   * The key of an `Authorization` header, live or not; no promise where it was looked up a moment ago. Concurrent
   * requests with one key share one query.
   *
   * @throws ProblemError `unauthenticated`
   */
  key(header: string): AuthenticatedKey | Promise<AuthenticatedKey> {
    const text = bearer.exec(header)?.[1];
    if (text === undefined) throw unauthenticated();
    const hash = hashApiKeyText(text);
    return this.#keys.get(hash, async () => {
      // A typing error costs no query.
      const isKey = apiKeyKindOf(text) !== undefined;
      return known(isKey ? await this.database.authentication.keyByHash(Buffer.from(hash, 'base64')) : null);
    });
  }

  /**
   * The live session of a `Cookie` header.
   *
   * @throws ProblemError `unauthenticated`
   */
  async session(header: string | undefined): Promise<OpenSession> {
    const token = readCookie(header, cookieName(sessionCookie, this.settings.secure));
    const hash = token === undefined ? undefined : hashOfToken(token);
    if (token === undefined || hash === undefined) throw unauthenticated();
    const { authentication } = this.database;
    const session = await this.#sessions.get(hash.toString('base64'), async () => {
      return known(await authentication.sessionByHash(hash, this.settings.idleS));
    });
    return { token, session };
  }

  /** What this process remembers of a session ends with it; other processes follow within their half second. */
  forget(token: string): void {
    const hash = hashOfToken(token);
    if (hash !== undefined) this.#sessions.delete(hash.toString('base64'));
  }
}

/** What is not there is not remembered, because it may be there in a moment. */
function known<Found>(found: Found | null): Found {
  if (found === null) throw unauthenticated();
  return found;
}

/** One answer for no key, a misspelt, an unknown, an expired and a revoked one, and for sessions likewise. */
export function unauthenticated(): ProblemError {
  return new ProblemError('unauthenticated', 'Send a valid key as "Authorization: Bearer <key>", or sign in.');
}
