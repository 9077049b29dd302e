import { ProblemError } from '@tenon/contracts';
import * as client from 'openid-client';
import type { IdentitySettings } from '../auth/identity-settings.js';

/** What a provider says about whoever signed in there. */
export interface OidcClaims {
  readonly issuer: string;
  readonly subject: string;
  /** In lower case; absent unless the provider vouches for it. */
  readonly verifiedEmail: string | undefined;
  readonly name: string | undefined;
}

/** What has to be the same when the browser comes back. Kept in a sealed cookie meanwhile. */
export interface OidcAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

const timeoutS = 10;
const nameCharactersMax = 120;
/** Providers on this machine, for development and tests, may do without TLS. */
const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Speaks to the OpenID provider: authorization code with PKCE, state and nonce. */
export class OidcClient {
  readonly #settings: Pick<IdentitySettings, 'oidc' | 'publicUrl'>;
  #provider: Promise<client.Configuration> | undefined;

  constructor(settings: Pick<IdentitySettings, 'oidc' | 'publicUrl'>) {
    this.#settings = settings;
  }

  /** Where to send the browser. @throws ProblemError `not_found` where no provider is configured; `unavailable` */
  async begin(): Promise<{ readonly url: string; readonly attempt: OidcAttempt }> {
    const provider = await this.#discover();
    const codeVerifier = client.randomPKCECodeVerifier();
    const attempt = { state: client.randomState(), nonce: client.randomNonce(), codeVerifier };
    const url = client.buildAuthorizationUrl(provider, {
      redirect_uri: this.#callback(),
      scope: 'openid email profile',
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state: attempt.state,
      nonce: attempt.nonce,
    });
    return { url: url.href, attempt };
  }

  /**
   * Trades the code that the browser brought for what the provider says.
   *
   * @param query what follows the question mark
   * @throws ProblemError `sign_in_failed` for an answer that does not belong to the attempt; `unavailable`
   */
  async finish(query: string, { state, nonce, codeVerifier }: OidcAttempt): Promise<OidcClaims> {
    const provider = await this.#discover();
    const url = new URL(`${this.#callback()}?${query}`);
    try {
      const checks = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      };
      const tokens = await client.authorizationCodeGrant(provider, url, checks);
      return claimsOf(tokens.claims());
    } catch (error) {
      throw refusalOf(error);
    }
  }

  #callback(): string {
    return `${this.#settings.publicUrl}/v1/oidc/callback`;
  }

  /** Asked once; a provider that did not answer is asked again by the next one who signs in. */
  #discover(): Promise<client.Configuration> {
    const { oidc } = this.#settings;
    if (oidc === undefined) throw new ProblemError('not_found', 'No OpenID provider is configured.');
    this.#provider ??= discover(oidc.issuer, oidc.clientId, oidc.clientSecret.reveal()).catch((error: unknown) => {
      this.#provider = undefined;
      throw new ProblemError('unavailable', 'The OpenID provider did not answer.', [], { cause: error });
    });
    return this.#provider;
  }
}

function discover(issuer: string, clientId: string, clientSecret: string): Promise<client.Configuration> {
  const url = new URL(issuer);
  // Without this the library takes the TLS connection for proof enough and looks at no signature.
  const execute = [client.enableNonRepudiationChecks];
  if (url.protocol === 'http:' && loopback.has(url.hostname)) execute.push(client.allowInsecureRequests);
  return client.discovery(url, clientId, clientSecret, undefined, { execute, timeout: timeoutS });
}

function claimsOf(claims: client.IDToken | undefined): OidcClaims {
  if (claims === undefined) throw new ProblemError('sign_in_failed', 'The provider gave no ID token.');
  const { email, email_verified: verified, name } = claims;
  const known = typeof email === 'string' && email.length <= 254 && verified === true;
  return {
    issuer: claims.iss,
    subject: claims.sub,
    verifiedEmail: known ? email.toLowerCase() : undefined,
    name: typeof name === 'string' ? name.slice(0, nameCharactersMax) : undefined,
  };
}

/** A provider that is away is worth another try; everything else is an answer that we do not believe. */
function refusalOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (error instanceof TypeError || code === 'OAUTH_TIMEOUT') {
    return new ProblemError('unavailable', 'The OpenID provider did not answer.', [], { cause: error });
  }
  return new ProblemError('sign_in_failed', 'The sign-in at the OpenID provider was not completed.', [], {
    cause: error,
  });
}
