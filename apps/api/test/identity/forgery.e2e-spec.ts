import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPerson, password, signIn, type TestPerson } from '../support/people.js';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

let api: TestApi;
let tenant: TestTenant;
let person: TestPerson;
let other: TestPerson;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
  person = await createPerson(api, tenant.id);
  other = await createPerson(api, tenant.id);
});
afterAll(() => api.close());

const source = { name: 'x', scheme: 'standard', mapping: {} };

function change(headers: Record<string, string>, payload: object | string = source) {
  const sent = { 'tenant-id': tenant.id, cookie: person.cookie, ...headers };
  return api.request({ method: 'POST', url: '/v1/webhook-sources', headers: sent, payload });
}

describe('a request that changes something, with the cookie of a session', () => {
  test('needs the token of that session', async () => {
    expect((await change({ 'x-csrf-token': person.csrfToken })).statusCode).toBe(201);
    for (const token of ['', 'nonsense', other.csrfToken, `${person.csrfToken}x`, person.csrfToken.toLowerCase()]) {
      const answer = await change({ 'x-csrf-token': token });
      expect([answer.statusCode, answer.json().code]).toEqual([403, 'csrf_failed']);
    }
    expect((await change({})).json().code).toBe('csrf_failed');
  });

  test.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['an origin that looks like ours', { origin: 'https://tenon.test.evil.example' }],
    ['the same host without TLS', { origin: 'http://tenon.test' }],
    ['a page without an origin', { origin: 'null' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour under the same domain', { 'sec-fetch-site': 'same-site' }],
    ['our host, as the Host header has it', { origin: 'https://localhost', host: 'localhost' }],
  ])('is refused from %s even with the token', async (_name, headers) => {
    expect((await change({ 'x-csrf-token': person.csrfToken, ...headers })).json().code).toBe('csrf_failed');
  });

  test('is taken from a page of ours', async () => {
    const headers = { 'x-csrf-token': person.csrfToken, origin: 'https://tenon.test', 'sec-fetch-site': 'same-origin' };
    expect((await change(headers)).statusCode).toBe(201);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'is refused as %s, which any page may send',
    async (type) => {
      const answer = await change({ 'content-type': type }, JSON.stringify(source));
      expect(answer.statusCode).toBe(403);
      const signInForm = await api.request({
        method: 'POST',
        url: '/v1/session',
        headers: { 'content-type': type },
        payload: JSON.stringify({ email: person.email, password }),
      });
      expect(signInForm.statusCode).toBe(415);
    },
  );

  test('leaves nothing behind when it is refused but an entry in the audit log of the tenant', async () => {
    const audit = await api.request({
      method: 'GET',
      url: '/v1/audit?action=request.refused.csrf_failed',
      key: tenant.key,
    });
    expect(audit.json().items[0]).toMatchObject({ actor: person.userId, target: 'POST /v1/webhook-sources' });
    const created = await api.request({
      method: 'GET',
      url: '/v1/audit?action=webhook_source.created',
      key: tenant.key,
    });
    expect(created.json().items).toHaveLength(2);
    expect(created.json().items[0]).toMatchObject({
      actor: person.userId,
      details: { from: { address: '127.0.0.1' } },
    });
  });
});

test('a page of somebody else cannot sign its visitor in', async () => {
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const answer = await signIn(api, person.email, password, headers);
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'csrf_failed']);
    expect(answer.headers['set-cookie']).toBeUndefined();
  }
});

test('a key needs no token, and whoever sends a key is judged by it alone', async () => {
  const headers = { cookie: person.cookie, 'x-csrf-token': person.csrfToken, 'tenant-id': tenant.id };
  const url = '/v1/webhook-sources';
  expect((await api.request({ method: 'GET', url, key: 'tnk_nonsense', headers })).statusCode).toBe(401);
  const { key } = await api.createKey(tenant.id, ['functions:read']);
  expect((await api.request({ method: 'GET', url, key, headers })).json().code).toBe('insufficient_scope');
  const full = await api.request({ method: 'POST', url, key: tenant.key, payload: source });
  expect(full.statusCode).toBe(201);
});
