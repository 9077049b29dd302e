import { Inject, Injectable } from '@nestjs/common';
import type { Sealer } from '@tenon/config';
import { type Id, ProblemError } from '@tenon/contracts';
import type { Database, IdentityTransaction } from '@tenon/database';
import { z } from 'zod';
import { cookieName, readCookie, writeCookie } from '../auth/cookies.js';
import type { IdentitySettings } from '../auth/identity-settings.js';
import { RefusalLog } from '../auth/refusal-log.js';
import { SessionOpener, type SignInRequest } from '../auth/session-opener.js';
import { joinByInvitation } from '../invitations/join-by-invitation.js';
import { DATABASE, IDENTITY, SEALER } from '../platform/tokens.js';
import { type OidcClaims, OidcClient } from './oidc-client.js';

const attemptCookie = 'tenon_oidc';
/** What the seal of that cookie is bound to. */
const sealContext = 'oidc-attempt';
/** A person has this long to sign in at the provider. */
const attemptS = 600;

const attemptSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
  untilMs: z.number(),
});

/** A redirect of the browser, with the cookies that go along. */
export interface Redirect {
  readonly location: string;
  readonly cookies: readonly string[];
}

/** Signs people in who proved elsewhere who they are. */
@Injectable()
export class OidcService {
  readonly #client: OidcClient;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SEALER) private readonly sealer: Sealer,
    @Inject(IDENTITY) private readonly settings: IdentitySettings,
    private readonly opener: SessionOpener,
    private readonly refusals: RefusalLog,
  ) {
    this.#client = new OidcClient(settings);
  }

  async begin(): Promise<Redirect> {
    const { url, attempt } = await this.#client.begin();
    const kept = JSON.stringify({ ...attempt, untilMs: Date.now() + attemptS * 1_000 });
    const sealed = this.sealer.seal(kept, sealContext).toString('base64url');
    return { location: url, cookies: [this.#attemptCookie(sealed, attemptS)] };
  }

  /** @throws ProblemError `sign_in_failed`; `unavailable` */
  async finish(query: string, cookieHeader: string | undefined, request: SignInRequest): Promise<Redirect> {
    if (this.settings.oidc === undefined) throw new ProblemError('not_found', 'No OpenID provider is configured.');
    try {
      const claims = await this.#client.finish(query, this.#attemptIn(cookieHeader));
      const token = await this.database.asIdentity(async (tx) => {
        const userId = await this.#personOf(tx, claims, request);
        await acceptInvitations(tx, claims, userId, request);
        return this.opener.open(tx, userId, 'oidc', request);
      });
      return {
        location: `${this.settings.publicUrl}/`,
        cookies: [this.opener.cookie(token), this.#attemptCookie('', 0)],
      };
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'sign_in_failed') this.#refuse(request);
      throw error;
    }
  }

  /** The cookie binds the answer to the browser that asked: nobody can sign another's browser in. */
  #attemptIn(header: string | undefined) {
    const cookie = readCookie(header, cookieName(attemptCookie, this.settings.secure));
    try {
      const opened = this.sealer.open(Buffer.from(cookie ?? '', 'base64url'), sealContext);
      const { untilMs, ...attempt } = attemptSchema.parse(JSON.parse(opened.toString('utf8')));
      if (untilMs > Date.now()) return attempt;
    } catch {
      // Falls through: a cookie that is not ours is none.
    }
    throw new ProblemError('sign_in_failed', 'This sign-in was not begun in this browser, or long ago; begin again.');
  }

  /** Who is known by their identity; else by an address that the provider vouches for; else who was invited by it. */
  async #personOf(tx: IdentityTransaction, claims: OidcClaims, request: SignInRequest): Promise<Id<'user'>> {
    const { verifiedEmail: email, name } = claims;
    const identity = { issuer: claims.issuer, subject: claims.subject };
    const known = await tx.users.findByOidc(identity);
    if (known !== null) return known.id;
    if (email === undefined) throw stranger();
    const sameAddress = await tx.users.findByEmail(email);
    if (sameAddress !== null) return this.#tie(tx, sameAddress.id, identity, request);
    if ((await tx.invitations.openFor(email)).length === 0) throw stranger();
    const created = await tx.users.create({ email, name: name ?? email, passwordHash: null, oidc: identity });
    if (created === null) throw stranger();
    return created.id;
  }

  /** The provider's word is better than a password that anybody could have chosen for the address: the latter goes. */
  async #tie(
    tx: IdentityTransaction,
    userId: Id<'user'>,
    identity: { readonly issuer: string; readonly subject: string },
    { requestId, from }: SignInRequest,
  ): Promise<Id<'user'>> {
    // Somebody else at the provider has the address now: the account is not theirs for that.
    if (!(await tx.users.tieToOidc(userId, identity))) throw stranger();
    const sessionsEnded = await tx.sessions.revokeAll(userId);
    const details = { issuer: identity.issuer, sessionsEnded, from: { ...from } };
    await tx.audit.append({ actor: userId, action: 'user.tied_to_provider', target: userId, requestId, details });
    return userId;
  }

  #attemptCookie(value: string, maxAgeS: number): string {
    // Lax: the browser comes back from the provider's site, and the cookie has to come along.
    return writeCookie(attemptCookie, value, { secure: this.settings.secure, sameSite: 'Lax', maxAgeS });
  }

  #refuse({ requestId, from }: SignInRequest): void {
    const action = 'session.refused.sign_in_failed';
    const details = { method: 'oidc', from: { ...from } };
    this.refusals.record({ tenantId: null, actor: 'unknown', action, target: from.address, requestId, details });
  }
}

async function acceptInvitations(
  tx: IdentityTransaction,
  { verifiedEmail }: OidcClaims,
  userId: Id<'user'>,
  request: SignInRequest,
): Promise<void> {
  if (verifiedEmail === undefined) return;
  for (const invitation of await tx.invitations.openFor(verifiedEmail)) {
    await joinByInvitation(tx, invitation, userId, request);
  }
}

function stranger(): ProblemError {
  return new ProblemError(
    'sign_in_failed',
    'Nobody was invited by this address, or the provider does not vouch for it.',
  );
}
