import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Secret } from '@tenon/config';
import { waitFor } from '@tenon/testing';
import type { Response } from 'light-my-request';
import { OpenidProvider, type ProviderFaults } from '../support/openid-provider.js';
import { createPerson, invite, signIn } from '../support/people.js';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

let api: TestApi;
let provider: OpenidProvider;
let tenant: TestTenant;
let people = 0;

beforeAll(async () => {
  provider = await new OpenidProvider().start();
  const { issuer, clientId, clientSecret } = provider;
  api = await startTestApi({ oidc: { issuer, clientId, clientSecret: new Secret(clientSecret) } });
  tenant = await api.createTenant();
});
afterAll(async () => {
  await provider.stop();
  await api?.close();
});
beforeEach(() => {
  provider.faults = {};
});

/** Cookies that an answer sets, by name. */
function cookiesOf(answer: Response): Record<string, string> {
  const pairs = [answer.headers['set-cookie'] ?? []].flat().map((header) => header.split(';', 1)[0]?.split('=') ?? []);
  return Object.fromEntries(pairs.map(([name = '', ...value]) => [name, value.join('=')]));
}

async function begin() {
  const answer = await api.request({ method: 'GET', url: '/v1/oidc/sign-in' });
  expect(answer.statusCode).toBe(302);
  const kept = cookiesOf(answer)['__Host-tenon_oidc'] ?? '';
  return { url: String(answer.headers.location), cookie: `__Host-tenon_oidc=${kept}`, answer };
}

function finish(back: string, cookie: string | undefined) {
  const url = back.replace('https://tenon.test', '');
  return api.request({ method: 'GET', url, headers: cookie === undefined ? {} : { cookie } });
}

/** The whole way of a browser: to the provider and back. */
async function signInAtProvider() {
  const { url, cookie } = await begin();
  return finish(provider.signIn(url), cookie);
}

const newcomer = () => `newcomer-${++people}@example.com`;

describe('signing in at a provider', () => {
  test('sends the browser there with PKCE, state and nonce, and keeps what it expects back in a sealed cookie', async () => {
    const { url, answer } = await begin();
    const asked = new URL(url).searchParams;
    expect(url.startsWith(`${provider.issuer}/authorize?`)).toBe(true);
    expect(asked.get('redirect_uri')).toBe('https://tenon.test/v1/oidc/callback');
    expect(asked.get('code_challenge_method')).toBe('S256');
    for (const name of ['state', 'nonce', 'code_challenge']) expect((asked.get(name) ?? '').length).toBeGreaterThan(30);
    const header = String(answer.headers['set-cookie']);
    expect(header).toMatch(/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/);
    expect(header).not.toContain(asked.get('state'));
  });

  test('takes in who was invited by an address that the provider vouches for, and knows them again', async () => {
    const email = newcomer();
    await invite(api, tenant.id, email, 'developer');
    provider.claims = { sub: `sub-${email}`, email: email.toUpperCase(), email_verified: true, name: 'Grace' };
    const answer = await signInAtProvider();
    expect([answer.statusCode, answer.headers.location]).toEqual([302, 'https://tenon.test/']);
    const cookies = cookiesOf(answer);
    expect(cookies['__Host-tenon_oidc']).toBe('');
    const headers = { cookie: `__Host-tenon_session=${cookies['__Host-tenon_session']}` };
    const session = (await api.request({ method: 'GET', url: '/v1/session', headers })).json();
    expect(session).toMatchObject({ user: { email, name: 'Grace' }, tenants: [{ id: tenant.id, role: 'developer' }] });
    // From now on the identity counts, and not the address, which may pass to somebody else.
    provider.claims = { sub: `sub-${email}`, email: 'changed@example.com', email_verified: true };
    const again = cookiesOf(await signInAtProvider())['__Host-tenon_session'];
    const later = await api.request({
      method: 'GET',
      url: '/v1/session',
      headers: { cookie: `__Host-tenon_session=${again}` },
    });
    expect(later.json().user.id).toBe(session.user.id);
    expect((await signIn(api, email)).statusCode).toBe(401);
  });

  test.each([
    ['was not invited', { email: 'uninvited@example.com', email_verified: true }],
    ['has an address that nobody vouches for', { email: 'unverified@example.com', email_verified: false }],
    ['has an address that may be verified or not', { email: 'unverified@example.com' }],
    ['has no address', {}],
  ])('refuses who %s', async (_name, claims) => {
    await invite(api, tenant.id, 'unverified@example.com', 'viewer');
    provider.claims = { sub: 'stranger', ...claims };
    const answer = await signInAtProvider();
    expect([answer.statusCode, answer.json().code]).toEqual([401, 'sign_in_failed']);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('takes the password away from an account that somebody made for the address before', async () => {
    const email = newcomer();
    const squatter = await createPerson(api, tenant.id, 'viewer', email);
    provider.claims = { sub: `sub-${email}`, email, email_verified: true };
    expect((await signInAtProvider()).statusCode).toBe(302);
    expect((await signIn(api, email)).json().code).toBe('sign_in_failed');
    const show = () => api.request({ method: 'GET', url: '/v1/session', headers: squatter.headers });
    await waitFor('their session to be over', async () => (await show()).statusCode === 401, { timeoutMs: 1_000 });
    // An address that passes to somebody else at the provider opens nothing that was tied to another.
    provider.claims = { sub: 'somebody-else', email, email_verified: true };
    expect((await signInAtProvider()).json().code).toBe('sign_in_failed');
  });
});

describe('an answer that is not what was asked for opens nothing', () => {
  beforeEach(async () => {
    const email = newcomer();
    await invite(api, tenant.id, email, 'viewer');
    provider.claims = { sub: `sub-${email}`, email, email_verified: true };
  });

  test.each<[string, ProviderFaults]>([
    ['for another sign-in', { nonce: 'another' }],
    ['for another client', { audience: 'somebody-else' }],
    ['of another provider', { issuer: 'https://evil.example' }],
    ['that has expired', { expired: true }],
    ['signed by somebody else', { otherKey: true }],
    ['not signed at all', { unsigned: true }],
    ['with a refusal', { tokenStatus: 400 }],
  ])('an ID token %s', async (_name, faults) => {
    provider.faults = faults;
    const answer = await signInAtProvider();
    expect([answer.statusCode, answer.json().code]).toEqual([401, 'sign_in_failed']);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('in a browser that did not ask, or asked for another sign-in', async () => {
    const [mine, theirs] = [await begin(), await begin()];
    const back = provider.signIn(mine.url);
    for (const cookie of [undefined, theirs.cookie, '__Host-tenon_oidc=AAAA', mine.cookie.replace('__Host-', '')]) {
      expect((await finish(back, cookie)).json().code).toBe('sign_in_failed');
    }
    expect((await finish(back, mine.cookie)).statusCode).toBe(302);
    expect((await finish(back, mine.cookie)).json().code).toBe('sign_in_failed');
  });

  test.each(['', 'error=access_denied', 'code=x', 'code=x&state=y', 'state=%00', 'code=a&code=b'])(
    'with the query "%s"',
    async (query) => {
      const { cookie } = await begin();
      expect((await finish(`/v1/oidc/callback?${query}`, cookie)).json().code).toBe('sign_in_failed');
    },
  );
});

test('neither code nor token nor secret is in the log', () => {
  const log = api.logLines.join('\n');
  expect(log).not.toContain(provider.clientSecret);
  expect(log).not.toMatch(/code=|id_token|eyJ/);
});

test('a provider that is away makes the sign-in unavailable, and nothing else', async () => {
  const gone = await new OpenidProvider().start();
  const { issuer, clientId, clientSecret } = gone;
  const other = await startTestApi({ oidc: { issuer, clientId, clientSecret: new Secret(clientSecret) } });
  await gone.stop();
  try {
    expect((await other.request({ method: 'GET', url: '/v1/oidc/sign-in' })).json().code).toBe('unavailable');
    expect((await other.request({ method: 'GET', url: '/healthz' })).statusCode).toBe(200);
  } finally {
    await other.close();
  }
});

test('without a provider the routes are not there', async () => {
  const plain = await startTestApi();
  try {
    for (const url of ['/v1/oidc/sign-in', '/v1/oidc/callback']) {
      expect((await plain.request({ method: 'GET', url })).statusCode).toBe(404);
    }
  } finally {
    await plain.close();
  }
});
