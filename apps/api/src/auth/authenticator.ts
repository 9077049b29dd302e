import { Inject, Injectable } from '@nestjs/common';
import { apiKeyKindOf, hashApiKey, ProblemError } from '@tenon/contracts';
import type { AuthenticatedKey, Database } from '@tenon/database';
import { DATABASE } from '../platform/tokens.js';
import { BoundedCache } from '../schemas/bounded-cache.js';

/** A key that was revoked opens nothing after this time in any process. */
const cacheMs = 500;
const keysMax = 10_000;

/** Finds out whose key a request carries. */
@Injectable()
export class Authenticator {
  readonly #known = new BoundedCache<string, Promise<AuthenticatedKey | null>>(keysMax, cacheMs);

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /**
   * The key of an `Authorization` header, live or not. Concurrent requests with one key share one query.
   *
   * @throws ProblemError `unauthenticated`
   */
  async authenticate(header: string | undefined): Promise<AuthenticatedKey> {
    const text = /^Bearer ([!-~]{1,128})$/i.exec(header ?? '')?.[1];
    if (text === undefined || apiKeyKindOf(text) === undefined) throw unauthenticated();
    const found = await this.#find(hashApiKey(text));
    if (found === null) throw unauthenticated();
    return found;
  }

  #find(hash: Buffer): Promise<AuthenticatedKey | null> {
    const name = hash.toString('base64');
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const finding = this.database.authentication.keyByHash(hash);
    this.#known.set(name, finding);
    // Neither a key that is not there yet nor an error may stick.
    finding.then(
      (key) => key ?? this.#known.delete(name),
      () => this.#known.delete(name),
    );
    return finding;
  }
}

/** One answer for no key, a misspelt, an unknown, an expired and a revoked key. */
export function unauthenticated(): ProblemError {
  return new ProblemError('unauthenticated', 'Send a valid key as "Authorization: Bearer <key>".');
}
