import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { apiKeyKindOf, hashApiKey, type Id } from '@tenon/contracts';
import { waitFor } from '@tenon/testing';
import pg from 'pg';
import { plantPerson } from '../support/people.js';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

let api: TestApi;
let twin: NestFastifyApplication;
let sql: pg.Client;
let tenant: TestTenant;

beforeAll(async () => {
  api = await startTestApi();
  twin = await api.startTwin();
  sql = new pg.Client({ connectionString: api.databaseOwnerUrl });
  await sql.connect();
  tenant = await api.createTenant();
});
afterAll(async () => {
  await sql.end();
  await twin.close();
  await api.close();
});

const keysOf = () => `/v1/tenants/${tenant.id}/keys`;
const rotate = (id: Id<'key'>, payload: object, key = tenant.key) =>
  api.request({ method: 'POST', url: `${keysOf()}/${id}/rotate`, key, payload });
/** The status that each of the two processes gives. */
const asked = async (headers: Record<string, string>, url = '/v1/functions') => {
  const answers = await Promise.all([api.app, twin].map((app) => app.inject({ method: 'GET', url, headers })));
  return answers.map((answer) => answer.statusCode);
};
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('in two processes at once', () => {
  async function shutsWithinASecond(
    headers: Record<string, string>,
    shut: () => Promise<unknown>,
    after: number,
    url?: string,
  ) {
    expect(await asked(headers, url)).toEqual([200, 200]);
    await shut();
    const shutAtMs = Date.now();
    await waitFor(
      'both doors to be shut',
      async () => (await asked(headers, url)).every((status) => status === after),
      { timeoutMs: 1_000 },
    );
    expect(Date.now() - shutAtMs).toBeLessThan(1_000);
  }

  test('a revoked key opens nothing within a second', async () => {
    const { id, key } = await api.createKey(tenant.id, ['functions:read']);
    await shutsWithinASecond(
      bearer(key),
      () => api.request({ method: 'DELETE', url: `${keysOf()}/${id}`, key: tenant.key }),
      401,
    );
  });

  test('a revoked operator key opens nothing within a second', async () => {
    const created = await api.request({
      method: 'POST',
      url: '/v1/operator-keys',
      key: api.operatorKey,
      payload: { name: 'x' },
    });
    const url = `/v1/operator-keys/${created.json().id}`;
    const shut = () => api.request({ method: 'DELETE', url, key: api.operatorKey });
    await shutsWithinASecond(bearer(created.json().key), shut, 401, '/v1/tenants');
  });

  test('a session that was closed opens nothing within a second', async () => {
    const person = await plantPerson(api, [{ tenantId: tenant.id, role: 'owner' }]);
    const headers = { ...person.headers, 'tenant-id': tenant.id };
    await shutsWithinASecond(headers, () => twin.inject({ method: 'DELETE', url: '/v1/session', headers }), 401);
  });

  test('keys and people of a suspended tenant are refused within a second, and again let in when it is resumed', async () => {
    const other = await api.createTenant();
    const person = await plantPerson(api, [{ tenantId: other.id, role: 'owner' }]);
    const change = (what: string) =>
      api.request({ method: 'POST', url: `/v1/tenants/${other.id}/${what}`, key: api.operatorKey, payload: {} });
    await shutsWithinASecond(bearer(other.key), () => change('suspend'), 403);
    const headers = { ...person.headers, 'tenant-id': other.id };
    expect(await asked(headers)).toEqual([403, 403]);
    await change('resume');
    await waitFor('both doors to be open', async () => (await asked(headers)).every((status) => status === 200), {
      timeoutMs: 1_000,
    });
    expect(await asked(bearer(other.key))).toEqual([200, 200]);
  });

  test('a key that has expired opens nothing at that moment, whatever is remembered of it', async () => {
    const { key } = await api.createKey(tenant.id, ['functions:read'], new Date(Date.now() + 400));
    expect(await asked(bearer(key))).toEqual([200, 200]);
    await waitFor('the key to end', async () => (await asked(bearer(key))).every((status) => status === 401), {
      timeoutMs: 1_000,
    });
  });
});

describe('rotating a key', () => {
  test('gives one that may do the same, and lets the old one work for the overlap', async () => {
    const created = await api.request({
      method: 'POST',
      url: keysOf(),
      key: tenant.key,
      payload: { name: 'checkout', scopes: ['functions:read', 'audit:read'] },
    });
    const old = created.json();
    const answer = await rotate(old.id, { overlapSeconds: 3_600 });
    expect(answer.statusCode).toBe(201);
    const successor = answer.json();
    expect(successor).toMatchObject({
      name: 'checkout',
      scopes: ['functions:read', 'audit:read'],
      expiresAt: null,
      rotatedTo: null,
    });
    expect(apiKeyKindOf(successor.key)).toBe('tenant');
    expect(await asked(bearer(old.key))).toEqual([200, 200]);
    expect(await asked(bearer(successor.key))).toEqual([200, 200]);
    const list = (await api.request({ method: 'GET', url: keysOf(), key: tenant.key })).json();
    const listed = list.items.find((item: { id: string }) => item.id === old.id);
    expect(listed.rotatedTo).toBe(successor.id);
    expect(Date.parse(listed.expiresAt) - Date.now()).toBeLessThanOrEqual(3_600_000);
    expect(Date.parse(listed.expiresAt) - Date.now()).toBeGreaterThan(3_590_000);
    await sql.query('UPDATE api_keys SET expires_at = now() WHERE id = $1', [old.id]);
    await waitFor('the old key to end', async () => (await asked(bearer(old.key)))[0] === 401, { timeoutMs: 1_000 });
    expect(await asked(bearer(successor.key))).toEqual([200, 200]);
  });

  test('without an overlap ends the old one within a second', async () => {
    const { id, key } = await api.createKey(tenant.id, ['functions:read']);
    expect(await asked(bearer(key))).toEqual([200, 200]);
    await rotate(id, { overlapSeconds: 0 });
    await waitFor('the old key to end', async () => (await asked(bearer(key))).every((status) => status === 401), {
      timeoutMs: 1_000,
    });
  });

  test('never makes the old one live longer, and gives the new one the same end', async () => {
    const end = new Date(Date.now() + 60_000);
    const { id } = await api.createKey(tenant.id, ['functions:read'], end);
    const answer = await rotate(id, { overlapSeconds: 86_400 });
    expect(answer.json().expiresAt).toBe(end.toISOString());
    const { rows } = await sql.query('SELECT expires_at FROM api_keys WHERE id = $1', [id]);
    expect(rows[0].expires_at).toEqual(end);
  });

  test('is done once: of many that rotate one key at the same time, one gets a key, and no other key is left', async () => {
    const { id } = await api.createKey(tenant.id, ['functions:read']);
    const count = async () => (await sql.query('SELECT count(*)::int AS keys FROM api_keys')).rows[0].keys;
    const before = await count();
    const answers = await Promise.all(Array.from({ length: 6 }, () => rotate(id, {})));
    expect(answers.map((answer) => answer.statusCode).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(answers.find((answer) => answer.statusCode === 409)?.json().code).toBe('key_ended');
    expect(await count()).toBe(before + 1);
  });

  test.each([
    ['revoked', 'revoked_at = now()'],
    ['expired', 'expires_at = now()'],
  ])('does nothing for one that is %s', async (_name, end) => {
    const { id } = await api.createKey(tenant.id, ['functions:read']);
    await sql.query(`UPDATE api_keys SET ${end} WHERE id = $1`, [id]);
    expect((await rotate(id, {})).json().code).toBe('key_ended');
  });

  test('bounds the overlap by a month', async () => {
    const { id } = await api.createKey(tenant.id, ['functions:read']);
    for (const overlapSeconds of [-1, 30 * 86_400 + 1, 1.5]) {
      expect((await rotate(id, { overlapSeconds })).json().errors[0].pointer).toBe('/body/overlapSeconds');
    }
  });

  test('of an operator works alike, and both chains say who did it', async () => {
    const operator = await plantPerson(api, [], { operator: true });
    const request = (url: string, payload: object) =>
      api.request({ method: 'POST', url, headers: operator.headers, payload });
    const created = (await request('/v1/operator-keys', { name: 'billing' })).json();
    expect(created).toMatchObject({ tenantId: null, createdBy: operator.userId });
    const rotated = (await request(`/v1/operator-keys/${created.id}/rotate`, {})).json();
    expect(apiKeyKindOf(rotated.key)).toBe('operator');
    expect(await asked(bearer(rotated.key), '/v1/tenants')).toEqual([200, 200]);
    const audit = await api.request({
      method: 'GET',
      url: `/v1/operator/audit?target=${created.id}`,
      key: api.operatorKey,
    });
    expect(audit.json().items.map(({ action, actor }: { action: string; actor: string }) => [action, actor])).toEqual([
      ['key.rotated', operator.userId],
      ['key.created', operator.userId],
    ]);
    expect(audit.body).not.toContain(rotated.key);
  });
});

test('a key is shown once, kept as a hash only, and says who made it and when it was used', async () => {
  const person = await plantPerson(api, [{ tenantId: tenant.id, role: 'developer' }]);
  const created = await api.request({
    method: 'POST',
    url: keysOf(),
    headers: person.headers,
    payload: { name: 'mine', scopes: ['functions:read'] },
  });
  const { id, key } = created.json();
  await asked(bearer(key));
  const list = await api.request({ method: 'GET', url: keysOf(), key: tenant.key });
  const listed = list.json().items.find((item: { id: string }) => item.id === id);
  expect(listed).toMatchObject({ createdBy: person.userId, prefix: key.slice(0, 8) });
  expect(Date.now() - Date.parse(listed.lastUsedAt)).toBeLessThan(60_000);
  const { rows } = await sql.query('SELECT to_jsonb(k)::text AS row, hash FROM api_keys AS k WHERE id = $1', [id]);
  expect(rows[0].hash).toEqual(hashApiKey(key));
  for (const text of [rows[0].row, list.body, api.logLines.join('')]) expect(text).not.toContain(key);
});
