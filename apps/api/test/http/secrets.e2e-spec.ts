import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { type DocumentedOperation, type OpenApiDocument, operationsOf } from '../support/document.js';
import { putPoint } from '../support/points.js';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

let api: TestApi;
let tenant: TestTenant;
let owner: pg.Client;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
  await putPoint(api, 'discounts', ['cart.updated']);
  owner = new pg.Client({ connectionString: api.databaseOwnerUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner?.end();
  await api?.close();
});

const newSecret = () => randomBytes(24).toString('base64url');

/** Everything that is written down about requests: log lines, and the audit log of everybody. */
async function written(): Promise<string> {
  const { rows } = await owner.query<{ entry: string }>('SELECT e::text AS entry FROM audit_entries AS e');
  return [...api.logLines, ...rows.map(({ entry }) => entry)].join('\n');
}

async function expectUnwritten(secrets: readonly string[]): Promise<void> {
  const text = await written();
  expect(text.length).toBeGreaterThan(1_000);
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
}

test('what requests to every route bring along of secrets is written down nowhere', async () => {
  const secrets = {
    bearer: newSecret(),
    cookie: newSecret(),
    csrf: newSecret(),
    query: newSecret(),
    body: newSecret(),
  };
  const document: OpenApiDocument = (await api.request({ method: 'GET', url: '/openapi.json' })).json();
  const ask = ({ path, method }: DocumentedOperation, authorization: string) =>
    api.app.inject({
      method: method.toUpperCase() as 'GET',
      url: `${path.replace(/\{[^}]+\}/g, 'x')}?token=${secrets.query}&access_token=${secrets.query}`,
      headers: {
        authorization,
        cookie: `__Host-tenon_session=${secrets.cookie}; tenon_session=${secrets.cookie}`,
        'x-csrf-token': secrets.csrf,
        'idempotency-key': secrets.query,
        'webhook-id': 'msg_1',
        'webhook-timestamp': '1',
        'webhook-signature': `v1,${Buffer.from(secrets.body).toString('base64')}`,
        ...(method !== 'get' && { 'content-type': 'application/json' }),
      },
      ...(method !== 'get' && {
        payload: {
          secret: `whsec_${secrets.body}`,
          password: secrets.body,
          token: secrets.body,
          email: 'a@example.com',
        },
      }),
    });
  for (const target of operationsOf(document)) {
    // A stream of events does not end by itself: there the key that opens nothing is enough.
    const isStream = 'text/event-stream' in (target.operation.responses['200']?.content ?? {});
    for (const key of isStream ? [secrets.bearer] : [secrets.bearer, tenant.key, api.operatorKey]) {
      await ask(target, `Bearer ${key}`);
    }
  }
  await expectUnwritten([...Object.values(secrets), tenant.key, api.operatorKey]);
});

test('what answers show once is written down nowhere', async () => {
  const post = async (url: string, payload: object, key = tenant.key) => {
    const answer = await api.request({ method: 'POST', url, key, payload });
    expect([url, answer.statusCode < 300]).toEqual([url, true]);
    return answer.json();
  };
  const key = await post(`/v1/tenants/${tenant.id}/keys`, { name: 'x', scopes: ['functions:read'] });
  const rotated = await post(`/v1/tenants/${tenant.id}/keys/${key.id}/rotate`, {});
  const source = await post('/v1/webhook-sources', {
    name: 'x',
    scheme: 'standard',
    mapping: { fallback: 'cart.updated' },
  });
  const next = await post(`/v1/webhook-sources/${source.id}/rotate-secret`, {});
  const operatorKey = await post('/v1/operator-keys', { name: 'x' }, api.operatorKey);
  await api.request({ method: 'GET', url: '/v1/functions', key: rotated.key });
  const shown = [key.key, rotated.key, source.secret, next.secret, operatorKey.key];
  expect(shown.every((secret) => typeof secret === 'string' && secret.length > 20)).toBe(true);
  await expectUnwritten(shown);
});

test('a failure of ours is written down with its stack and its request id, and without what the request carried', async () => {
  const secret = newSecret();
  await owner.query('ALTER TABLE webhook_sources RENAME TO webhook_sources_away');
  const answer = await api.request({
    method: 'POST',
    url: '/v1/webhook-sources',
    key: tenant.key,
    headers: { 'x-request-id': 'the-one-that-failed' },
    payload: { name: 'x', scheme: 'shopify', mapping: { fallback: 'cart.updated' }, secret },
  });
  await owner.query('ALTER TABLE webhook_sources_away RENAME TO webhook_sources');
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain('webhook_sources');
  const line = api.logLines.map((text) => JSON.parse(text)).find(({ msg, err }) => msg === 'request failed' && err);
  expect(line).toMatchObject({ level: 'error', requestId: 'the-one-that-failed', err: { stack: expect.any(String) } });
  await expectUnwritten([secret, tenant.key]);
});

test('one request has one id: in its answer, in its log line and in its audit entry', async () => {
  const answer = await api.request({
    method: 'POST',
    url: '/v1/functions',
    key: tenant.key,
    headers: { 'x-request-id': 'trace.4711' },
    payload: { name: 'traced', extensionPoint: 'discounts' },
  });
  expect(answer.headers['x-request-id']).toBe('trace.4711');
  const lines = api.logLines.map((text) => JSON.parse(text)).filter(({ requestId }) => requestId === 'trace.4711');
  expect(lines).toEqual([expect.objectContaining({ msg: 'request', status: 201, route: '/v1/functions' })]);
  const audit = await api.request({ method: 'GET', url: '/v1/audit?action=function.created', key: tenant.key });
  expect(audit.json().items[0]).toMatchObject({ requestId: 'trace.4711', target: answer.json().id });
});
