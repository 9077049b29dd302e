import { Inject, Injectable } from '@nestjs/common';
import { apiKeyKindOf, hashApiKey, ProblemError } from '@tenon/contracts';
import type { AuthenticatedKey, Database, SignedIn } from '@tenon/database';
import type { OpenSession } from '../http/caller.js';
import { DATABASE, IDENTITY } from '../platform/tokens.js';
import { BoundedCache } from '../schemas/bounded-cache.js';
import { cookieName, readCookie, sessionCookie } from './cookies.js';
import type { IdentitySettings } from './identity-settings.js';
import { hashOfToken } from './session-token.js';

/** A key or session that was revoked opens nothing after this time in any process. */
const cacheMs = 500;
const keysMax = 10_000;
const sessionsMax = 10_000;

/** Finds out whose key or session a request carries. */
@Injectable()
export class Authenticator {
  readonly #keys = new BoundedCache<string, Promise<AuthenticatedKey | null>>(keysMax, cacheMs);
  readonly #sessions = new BoundedCache<string, Promise<SignedIn | null>>(sessionsMax, cacheMs);

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(IDENTITY) private readonly settings: IdentitySettings,
  ) {}

  /**
   * The key of an `Authorization` header, live or not. Concurrent requests with one key share one query.
   *
   * @throws ProblemError `unauthenticated`
   */
  async key(header: string): Promise<AuthenticatedKey> {
    const text = /^Bearer ([!-~]{1,128})$/i.exec(header)?.[1];
    if (text === undefined) throw unauthenticated();
    const hash = hashApiKey(text);
    const found = await shared(this.#keys, hash, async () => {
      // A typing error costs no query.
      return apiKeyKindOf(text) === undefined ? null : this.database.authentication.keyByHash(hash);
    });
    if (found === null) throw unauthenticated();
    return found;
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
    const found = await shared(this.#sessions, hash, () => authentication.sessionByHash(hash, this.settings.idleS));
    if (found === null) throw unauthenticated();
    return { token, session: found };
  }

  /** What this process remembers of a session ends with it; other processes follow within their half second. */
  forget(token: string): void {
    const hash = hashOfToken(token);
    if (hash !== undefined) this.#sessions.delete(hash.toString('base64'));
  }
}

function shared<Found>(
  cache: BoundedCache<string, Promise<Found | null>>,
  hash: Buffer,
  find: () => Promise<Found | null>,
): Promise<Found | null> {
  const name = hash.toString('base64');
  const known = cache.get(name);
  if (known !== undefined) return known;
  const finding = find();
  cache.set(name, finding);
  // Neither what is not there yet nor an error may stick.
  finding.then(
    (found) => found ?? cache.delete(name),
    () => cache.delete(name),
  );
  return finding;
}

/** One answer for no key, a misspelt, an unknown, an expired and a revoked one, and for sessions likewise. */
export function unauthenticated(): ProblemError {
  return new ProblemError('unauthenticated', 'Send a valid key as "Authorization: Bearer <key>", or sign in.');
}
