import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mintApiKey, newId, scopes } from '@tenon/contracts';
import type { Response } from 'light-my-request';
import { type RouteCase, routeCases } from './access-table.js';
import { emptyRuns, startTestApi, type TestApi, type TestTenant } from './support/test-api.js';
import { createWorld, type World } from './support/world.js';

let api: TestApi;
let world: World;
let stranger: TestTenant;
let suspended: TestTenant;

beforeAll(async () => {
  api = await startTestApi({ runs: emptyRuns });
  world = await createWorld(api, api.databaseUrl);
  stranger = await api.createTenant('The attacker');
  suspended = await api.createTenant('The one that did not pay');
  await api.database.asOperator((tx) => tx.tenants.setStatus(suspended.id, 'suspended'));
});
afterAll(() => api.close());

function call(
  route: RouteCase,
  key: string | undefined,
  headers: object = {},
  url = route.url(world),
): Promise<Response> {
  const payload = route.payload?.(world);
  return api.request({
    method: route.method,
    url,
    key,
    headers: { 'x-request-id': 'the-same', ...(route.type && { 'content-type': route.type }), ...headers },
    ...(payload && { payload }),
  });
}

/** What an outsider sees of an answer. */
function seen({ statusCode, body, headers }: Response) {
  return { statusCode, body, headers: { ...headers, date: undefined } };
}

const named = (routes: readonly RouteCase[]) => routes.map((route) => [route.operation, route] as const);
// What only people can ask is attacked in access-by-session.e2e-spec.ts.
const guarded = routeCases.filter((route) => route.who !== 'public' && route.who !== 'session');
const ofTenants = routeCases.filter((route) => route.who === 'tenant');

test('the table knows every route of the document', async () => {
  const document = (await api.request({ method: 'GET', url: '/openapi.json' })).json();
  const operations = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((path) =>
    Object.values(path).map((operation) => operation.operationId),
  );
  expect(routeCases.map((route) => route.operation).sort()).toEqual(operations.sort());
});

describe.each(named(guarded))('%s', (_operation, route) => {
  test('no key, an unknown, a misspelt, an expired and a revoked key get one and the same 401', async () => {
    const expired = await api.createKey(world.tenant.id, scopes, new Date(Date.now() - 1_000));
    const revoked = await api.createKey(world.tenant.id, scopes);
    await api.database.asOperator((tx) => tx.keysOf(world.tenant.id).revoke(revoked.id));
    const keys = [undefined, mintApiKey('tenant').key, `${world.tenant.key}x`, expired.key, revoked.key];
    const answers = [];
    for (const key of keys) answers.push(seen(await call(route, key)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.statusCode).toBe(401);
    expect(answers[0]?.headers['www-authenticate']).toBe('Bearer');
  });

  test('a key with every other scope gets 403', async () => {
    const held = scopes.filter((scope) => scope !== route.scope);
    const { key } = await api.createKey(world.tenant.id, held);
    const answer = await call(route, key);
    expect(answer.statusCode).toBe(403);
    expect(answer.json().code).toBe('insufficient_scope');
  });

  if (route.who !== 'operator') {
    test('a key of a suspended tenant gets 403', async () => {
      expect((await call(route, suspended.key)).json().code).toBe('tenant_suspended');
    });
  }
});

describe.each(named(ofTenants))('%s, for a tenant', (_operation, route) => {
  const inPath = route.missing?.startsWith('/v1/tenants/') ?? false;

  test('what is hidden answers byte for byte like what is not there', async () => {
    const { missing } = route;
    if (missing === undefined) return;
    const hidden = seen(await call(route, stranger.key));
    expect(hidden.statusCode).toBe(404);
    expect(hidden).toEqual(seen(await call(route, stranger.key, {}, missing)));
  });

  test('a list or a creation of a stranger shows nothing of the other tenant', async () => {
    if (route.missing !== undefined) return;
    const answer = await call(route, stranger.key);
    expect(answer.statusCode).toBeLessThan(300);
    for (const own of [world.tenant.id, world.version, world.execution, world.keyId, world.tenant.key]) {
      expect(answer.body).not.toContain(own);
    }
  });

  test("another tenant's id in the header answers like an unknown one", async () => {
    if (inPath) return;
    const hidden = seen(await call(route, stranger.key, { 'tenant-id': world.tenant.id }));
    expect(hidden.statusCode).toBe(404);
    expect(hidden).toEqual(seen(await call(route, stranger.key, { 'tenant-id': newId('tenant') })));
    expect(hidden).toEqual(seen(await call(route, stranger.key, { 'tenant-id': 'nonsense' })));
  });

  test('an operator has to name a tenant that is there', async () => {
    if (inPath) return;
    expect((await call(route, api.operatorKey)).json().code).toBe('tenant_required');
    expect((await call(route, api.operatorKey, { 'tenant-id': newId('tenant') })).statusCode).toBe(404);
    expect((await call(route, api.operatorKey, { 'tenant-id': 'nonsense' })).statusCode).toBe(404);
  });

  test('an operator may look at a suspended tenant and change nothing in it', async () => {
    const url = inPath ? route.url({ ...world, tenant: suspended }) : route.url(world);
    const answer = await call(route, api.operatorKey, { 'tenant-id': suspended.id }, url);
    if (route.method === 'GET') expect([200, 404]).toContain(answer.statusCode);
    else expect(answer.json().code).toBe('tenant_suspended');
  });
});

test("a stranger's function of the same name opens no door to the other's versions", async () => {
  const twin = await api.createTenant('The twin');
  const payload = { name: 'mine', extensionPoint: 'discounts' };
  await api.request({ method: 'POST', url: '/v1/functions', key: twin.key, payload });
  for (const operation of ['versionsGet', 'versionsTest', 'deploymentsActivate']) {
    const route = routeCases.find((candidate) => candidate.operation === operation);
    expect(route && (await call(route, twin.key)).statusCode).toBe(404);
  }
});

test('a refusal for want of a scope is in the audit log of the tenant', async () => {
  const audit = await api.request({
    method: 'GET',
    url: '/v1/audit?action=request.refused.insufficient_scope&limit=200',
    key: world.tenant.key,
  });
  const targets = audit.json().items.map((entry: { target: string }) => entry.target);
  expect(targets).toContain('GET /v1/audit');
  expect(targets).toContain('POST /v1/tenants');
});

test('what the table attacks is really there for its owner', async () => {
  for (const route of routeCases.filter(({ who, method }) => who === 'tenant' && method === 'GET')) {
    expect([route.operation, (await call(route, world.tenant.key)).statusCode]).toEqual([route.operation, 200]);
  }
});
