import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** What the provider says of whoever signs in there. */
export interface ProviderClaims {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
}

/** What the provider does wrong, for tests of whoever believes it. */
export interface ProviderFaults {
  readonly nonce?: string;
  readonly audience?: string;
  readonly issuer?: string;
  readonly expired?: boolean;
  readonly otherKey?: boolean;
  readonly unsigned?: boolean;
  readonly tokenStatus?: number;
}

interface Grant {
  readonly challenge: string;
  readonly nonce: string;
  readonly redirectUri: string;
  readonly claims: ProviderClaims;
}

const paramsSchema = z.record(z.string(), z.string());
const clientId = 'tenon-test';
const clientSecret = 'provider-secret-0123456789';

/** A small OpenID provider that checks what a real one checks: client, redirect address, PKCE, one use of each code. */
export class OpenidProvider {
  readonly clientId = clientId;
  readonly clientSecret = clientSecret;
  claims: ProviderClaims = { sub: 'nobody' };
  faults: ProviderFaults = {};
  readonly #keys = [
    generateKeyPairSync('rsa', { modulusLength: 2_048 }),
    generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  ];
  readonly #grants = new Map<string, Grant>();
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => {
      response.statusCode = 400;
      response.end(JSON.stringify({ error: 'invalid_request', error_description: String(error) }));
    });
  });

  async start(): Promise<this> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    return this;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What a person's browser does at the provider. @returns the address to which it is sent back. */
  signIn(authorizationUrl: string): string {
    const { searchParams: asked } = new URL(authorizationUrl);
    const get = (name: string) => asked.get(name) ?? '';
    if (get('client_id') !== clientId || get('response_type') !== 'code' || get('code_challenge_method') !== 'S256') {
      throw new Error('not a request that this provider takes');
    }
    const code = randomBytes(16).toString('hex');
    const redirectUri = get('redirect_uri');
    this.#grants.set(code, { challenge: get('code_challenge'), nonce: get('nonce'), redirectUri, claims: this.claims });
    return `${redirectUri}?${new URLSearchParams({ code, state: get('state'), iss: this.issuer })}`;
  }

  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('content-type', 'application/json');
    const { pathname } = new URL(request.url ?? '/', this.issuer);
    if (pathname === '/.well-known/openid-configuration') return void response.end(JSON.stringify(this.#metadata()));
    if (pathname === '/jwks') {
      const jwk = this.#keys[0]?.publicKey.export({ format: 'jwk' });
      return void response.end(JSON.stringify({ keys: [{ ...jwk, kid: 'one', alg: 'RS256', use: 'sig' }] }));
    }
    let body = '';
    for await (const chunk of request) body += String(chunk);
    response.statusCode = this.faults.tokenStatus ?? 200;
    response.end(JSON.stringify(this.#token(paramsSchema.parse(Object.fromEntries(new URLSearchParams(body))))));
  }

  #metadata() {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      jwks_uri: `${this.issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    };
  }

  #token(params: Record<string, string>) {
    const grant = this.#grants.get(params.code ?? '');
    this.#grants.delete(params.code ?? '');
    const challenge = createHash('sha256')
      .update(params.code_verifier ?? '')
      .digest('base64url');
    const client = params.client_id === clientId && params.client_secret === clientSecret;
    if (!client || grant === undefined || grant.challenge !== challenge || grant.redirectUri !== params.redirect_uri) {
      throw new Error('this code is not for you');
    }
    return { access_token: randomBytes(8).toString('hex'), token_type: 'Bearer', id_token: this.#idToken(grant) };
  }

  #idToken({ claims, nonce }: Grant): string {
    const { faults } = this;
    const now = Math.floor(Date.now() / 1_000) - (faults.expired ? 7_200 : 0);
    const head = { alg: faults.unsigned ? 'none' : 'RS256', kid: 'one', typ: 'JWT' };
    const times = { iat: now, exp: now + 300 };
    const whose = { iss: faults.issuer ?? this.issuer, aud: faults.audience ?? clientId, nonce: faults.nonce ?? nonce };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part(head)}.${part({ ...claims, ...whose, ...times })}`;
    const key = this.#keys[faults.otherKey ? 1 : 0]?.privateKey;
    if (key === undefined || faults.unsigned) return `${text}.`;
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  }
}
