import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

let api: TestApi;
let tenant: TestTenant;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
});
afterAll(() => api.close());

describe('tenants and keys', () => {
  test('an operator creates a tenant and its key, and the key works', async () => {
    const created = await api.request({
      method: 'POST',
      url: '/v1/tenants',
      key: api.operatorKey,
      payload: { name: 'Amsterdam Tea Shop' },
    });
    expect(created.statusCode).toBe(201);
    const { id } = created.json();
    expect(created.json()).toMatchObject({ name: 'Amsterdam Tea Shop', plan: 'default', status: 'active' });
    const key = await api.request({
      method: 'POST',
      url: `/v1/tenants/${id}/keys`,
      key: api.operatorKey,
      payload: { name: 'checkout', scopes: ['functions:read'] },
    });
    expect(key.statusCode).toBe(201);
    expect(key.json()).toMatchObject({ tenantId: id, scopes: ['functions:read'], revokedAt: null });
    const list = await api.request({ method: 'GET', url: '/v1/functions', key: key.json().key });
    expect(list.statusCode).toBe(200);
    expect(list.json()).toEqual({ items: [] });
  });

  test('a plan that is not there is named in the refusal', async () => {
    const answer = await api.request({
      method: 'POST',
      url: '/v1/tenants',
      key: api.operatorKey,
      payload: { name: 'x', plan: 'nope' },
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/body/plan' }] });
  });

  test('nobody grants what they do not hold', async () => {
    const { key } = await api.createKey(tenant.id, ['keys:write', 'functions:read']);
    const url = `/v1/tenants/${tenant.id}/keys`;
    const refused = await api.request({ method: 'POST', url, key, payload: { name: 'more', scopes: ['audit:read'] } });
    expect(refused.statusCode).toBe(403);
    const granted = await api.request({
      method: 'POST',
      url,
      key,
      payload: { name: 'less', scopes: ['functions:read'] },
    });
    expect(granted.statusCode).toBe(201);
  });

  test('a revoked key opens nothing within a second', async () => {
    const { id, key } = await api.createKey(tenant.id, ['functions:read']);
    const list = () => api.request({ method: 'GET', url: '/v1/functions', key });
    expect((await list()).statusCode).toBe(200);
    const url = `/v1/tenants/${tenant.id}/keys/${id}`;
    expect((await api.request({ method: 'DELETE', url, key: tenant.key })).statusCode).toBe(204);
    const revokedAtMs = Date.now();
    while ((await list()).statusCode === 200) expect(Date.now() - revokedAtMs).toBeLessThan(1_000);
    expect((await list()).statusCode).toBe(401);
    expect((await api.request({ method: 'DELETE', url, key: tenant.key })).statusCode).toBe(204);
  });

  test('an expiry in the past is refused', async () => {
    const payload = { name: 'late', scopes: ['functions:read'], expiresAt: '2001-01-01T00:00:00Z' };
    const url = `/v1/tenants/${tenant.id}/keys`;
    const answer = await api.request({ method: 'POST', url, key: tenant.key, payload });
    expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/body/expiresAt' }] });
  });
});

describe('extension points and plans', () => {
  const schemas = { inputSchema: { type: 'object' }, outputSchema: { type: 'object' } };

  test('a put creates version 1, the next put makes version 2, and tenants can read it', async () => {
    const url = '/v1/extension-points/cart.discounts';
    const put = (payload: object) => api.request({ method: 'PUT', url, key: api.operatorKey, payload });
    const first = await put({ ...schemas, eventTypes: ['cart.updated', 'cart.updated'] });
    expect(first.statusCode).toBe(200);
    expect(first.json()).toMatchObject({ version: 1, eventTypes: ['cart.updated'], mode: 'async' });
    expect(first.json().limits.instructionsMax).toBe(11_000_000);
    expect((await put({ ...schemas, limits: { deadlineMs: 100 } })).json()).toMatchObject({
      version: 2,
      limits: { deadlineMs: 100 },
    });
    const seen = await api.request({ method: 'GET', url, key: tenant.key });
    expect(seen.json()).toMatchObject({ name: 'cart.discounts', version: 2 });
  });

  test.each([
    ['a schema that is not one', { type: 'banana' }],
    ['a keyword nobody knows', { type: 'object', propertys: {} }],
    ['a schema that answers with a promise', { $async: true, type: 'object' }],
    ['a reference to elsewhere', { $ref: 'https://example.com/schema.json' }],
    ['a schema that is too large', { type: 'object', description: 'x'.repeat(64_001) }],
  ])('%s is refused', async (_name, inputSchema) => {
    const answer = await api.request({
      method: 'PUT',
      url: '/v1/extension-points/bad',
      key: api.operatorKey,
      payload: { ...schemas, inputSchema },
    });
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({
      code: 'invalid_schema',
      errors: [{ pointer: expect.stringMatching('^/body/inputSchema') }],
    });
  });

  test('a plan bounds how many functions its tenants have', async () => {
    await api.request({ method: 'PUT', url: '/v1/extension-points/p', key: api.operatorKey, payload: schemas });
    const plan = await api.request({
      method: 'PUT',
      url: '/v1/plans/tiny',
      key: api.operatorKey,
      payload: { functionsMax: 1 },
    });
    expect(plan.json()).toMatchObject({ name: 'tiny', functionsMax: 1 });
    const created = await api.request({
      method: 'POST',
      url: '/v1/tenants',
      key: api.operatorKey,
      payload: { name: 'small', plan: 'tiny' },
    });
    const create = (name: string) =>
      api.request({
        method: 'POST',
        url: '/v1/functions',
        key: api.operatorKey,
        headers: { 'tenant-id': created.json().id },
        payload: { name, extensionPoint: 'p' },
      });
    expect((await create('one')).statusCode).toBe(201);
    const second = await create('two');
    expect(second.statusCode).toBe(409);
    expect(second.json().code).toBe('plan_limit_reached');
  });
});

describe('functions', () => {
  test('a function is created once, listed newest first by cursor, and audited', async () => {
    const key = tenant.key;
    await api.request({
      method: 'PUT',
      url: '/v1/extension-points/pages',
      key: api.operatorKey,
      payload: { inputSchema: {}, outputSchema: {} },
    });
    const names = ['a', 'b', 'c'];
    for (const name of names) {
      const payload = { name, extensionPoint: 'pages' };
      expect((await api.request({ method: 'POST', url: '/v1/functions', key, payload })).statusCode).toBe(201);
    }
    const again = await api.request({
      method: 'POST',
      url: '/v1/functions',
      key,
      payload: { name: 'a', extensionPoint: 'pages' },
    });
    expect(again.json().code).toBe('conflict');
    const first = await api.request({ method: 'GET', url: '/v1/functions?limit=2', key });
    expect(first.json().items.map((item: { name: string }) => item.name)).toEqual(['c', 'b']);
    const rest = await api.request({ method: 'GET', url: `/v1/functions?limit=2&cursor=${first.json().next}`, key });
    expect(rest.json().items.map((item: { name: string }) => item.name)).toEqual(['a']);
    expect(rest.json().next).toBeUndefined();
    const audit = await api.request({ method: 'GET', url: '/v1/audit?action=function.created', key });
    expect(audit.json().items).toHaveLength(3);
    expect(audit.json().items[0]).toMatchObject({ action: 'function.created', details: { name: 'c' } });
  });

  test('an unknown extension point is named in the refusal', async () => {
    const payload = { name: 'lost', extensionPoint: 'nowhere' };
    const answer = await api.request({ method: 'POST', url: '/v1/functions', key: tenant.key, payload });
    expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/body/extensionPoint' }] });
  });
});
