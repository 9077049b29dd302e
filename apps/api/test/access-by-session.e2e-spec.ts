import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newId, roles, scopesOfRole } from '@tenon/contracts';
import type { Response } from 'light-my-request';
import pg from 'pg';
import { type RouteCase, routeCases } from './access-table.js';
import { type PlantedPerson, plantPerson } from './support/people.js';
import { startTestApi, type TestApi } from './support/test-api.js';
import { createWorld, type World } from './support/world.js';

let api: TestApi;
let world: World;
let owner: PlantedPerson;
let byRole: Record<string, PlantedPerson>;
let stranger: PlantedPerson;
let sleeper: PlantedPerson;
let operator: PlantedPerson;

beforeAll(async () => {
  api = await startTestApi();
  world = await createWorld(api, api.databaseUrl);
  const tenantId = world.tenant.id;
  const people = roles.map(async (role) => [role, await plantPerson(api, [{ tenantId, role }])] as const);
  byRole = Object.fromEntries(await Promise.all(people));
  owner = await plantPerson(api, [{ tenantId, role: 'owner' }]);
  stranger = await plantPerson(api, [{ tenantId: world.other, role: 'owner' }]);
  sleeper = await plantPerson(api, [{ tenantId: world.sleeping, role: 'owner' }]);
  operator = await plantPerson(api, [], { operator: true });
});
afterAll(() => api.close());

/** Asks as the dashboard does, for the tenant of the world unless another is named. */
function call(route: RouteCase, headers: object, url = route.url(world)): Promise<Response> {
  const payload = route.payload?.(world);
  const type = route.type === undefined ? {} : { 'content-type': route.type };
  const tenant = route.who === 'tenant' ? { 'tenant-id': world.tenant.id } : {};
  return api.request({
    method: route.method,
    url,
    headers: { 'x-request-id': 'the-same', ...tenant, ...type, ...headers },
    ...(payload && { payload }),
  });
}

/** What an outsider sees of an answer. */
function seen({ statusCode, body, headers }: Response) {
  return { statusCode, body, headers: { ...headers, date: undefined } };
}

const named = (routes: readonly RouteCase[]) => routes.map((route) => [route.operation, route] as const);
const guarded = routeCases.filter((route) => route.who !== 'public');
const ofTenants = routeCases.filter((route) => route.who === 'tenant');
const inPath = (route: RouteCase) => route.missing?.startsWith('/v1/tenants/') ?? false;

describe.each(named(guarded))('%s', (_operation, route) => {
  test('no cookie, an unknown, a misspelt, an expired, an idle and a revoked session get one and the same 401', async () => {
    const dead = await Promise.all(
      Array.from({ length: 3 }, () => plantPerson(api, [{ tenantId: world.tenant.id, role: 'owner' }])),
    );
    const sql = new pg.Client({ connectionString: api.databaseOwnerUrl });
    await sql.connect();
    const ends = ['expires_at = now()', "last_seen_at = now() - interval '13 hours'", 'revoked_at = now()'];
    for (const [index, end] of ends.entries()) {
      await sql.query(`UPDATE sessions SET ${end} WHERE id = $1`, [dead[index]?.sessionId]);
    }
    await sql.end();
    const unknown = `__Host-tenon_session=tns_${'f'.repeat(64)}`;
    const cookies = ['', unknown, `${owner.cookie}x`, ...dead.map((person) => person.cookie)];
    const answers: ReturnType<typeof seen>[] = [];
    for (const cookie of cookies) answers.push(seen(await call(route, { ...owner.headers, cookie })));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.statusCode).toBe(401);
  });

  if (route.method !== 'GET') {
    test('a session without its token against forged requests gets 403, and so does one with another token', async () => {
      const person = route.who === 'operator' ? operator : owner;
      for (const token of [{}, { 'x-csrf-token': stranger.csrfToken }, { 'x-csrf-token': '' }]) {
        const answer = await call(route, { cookie: person.cookie, ...token });
        expect([answer.statusCode, answer.json().code]).toEqual([403, 'csrf_failed']);
      }
      const forged = await call(route, { ...person.headers, origin: 'https://evil.example' });
      expect(forged.json().code).toBe('csrf_failed');
    });
  }

  if (route.who === 'operator') {
    test('an owner gets 403', async () => {
      expect((await call(route, owner.headers)).json().code).toBe('insufficient_scope');
    });
  }

  if (route.who === 'session') {
    test('a key is nobody, an operator key no less', async () => {
      for (const key of [world.tenant.key, api.operatorKey]) {
        const answer = await call(route, { authorization: `Bearer ${key}` });
        expect([answer.statusCode, answer.json().code]).toEqual([403, 'session_required']);
      }
    });

    test("somebody else's looks like what is not there", async () => {
      if (route.missing === undefined) return;
      const hidden = seen(await call(route, stranger.headers));
      expect(hidden.statusCode).toBe(404);
      expect(hidden).toEqual(seen(await call(route, stranger.headers, route.missing)));
    });
  }
});

describe.each(named(ofTenants))('%s, for a tenant', (_operation, route) => {
  const { scope } = route;
  const lacking = roles.filter((role) => scope !== undefined && !scopesOfRole(role).includes(scope));

  test('every role that lacks the scope gets 403', async () => {
    for (const role of lacking) {
      expect([role, (await call(route, byRole[role]?.headers ?? {})).json().code]).toEqual([
        role,
        'insufficient_scope',
      ]);
    }
  });

  test('what is hidden answers byte for byte like what is not there', async () => {
    const there = seen(await call(route, stranger.headers));
    expect(there.statusCode).toBe(404);
    const elsewhere = { ...stranger.headers, 'tenant-id': newId('tenant') };
    expect(there).toEqual(seen(await call(route, elsewhere, inPath(route) ? route.missing : undefined)));
    expect(there).toEqual(seen(await call(route, { ...stranger.headers, 'tenant-id': 'nonsense' })));
  });

  test('own rights do not follow a person into the path of another tenant', async () => {
    if (route.missing === undefined) return;
    const own = { ...stranger.headers, 'tenant-id': world.other };
    expect((await call(route, own)).statusCode).toBe(404);
  });

  test('the tenant has to be named', async () => {
    if (inPath(route)) return;
    const { cookie, csrfToken } = owner;
    const payload = route.payload?.(world);
    const answer = await api.request({
      method: route.method,
      url: route.url(world),
      headers: { cookie, 'x-csrf-token': csrfToken, ...(route.type && { 'content-type': route.type }) },
      ...(payload && { payload }),
    });
    expect(answer.json().code).toBe('tenant_required');
  });

  test('a person of a suspended tenant gets 403', async () => {
    const url = inPath(route)
      ? route.url({ ...world, tenant: { ...world.tenant, id: world.sleeping } })
      : route.url(world);
    const answer = await call(route, { ...sleeper.headers, 'tenant-id': world.sleeping }, url);
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'tenant_suspended']);
  });
});

test('what the table attacks is really there for an owner and an operator', async () => {
  for (const route of routeCases.filter(({ method }) => method === 'GET')) {
    const expected = route.operation === 'tenantsErasure' ? 404 : 200;
    if (route.who === 'operator' || route.who === 'tenant' || route.who === 'shared') {
      expect([route.operation, (await call(route, operator.headers)).statusCode]).toEqual([route.operation, expected]);
    }
    if (route.who === 'tenant' || route.who === 'shared' || route.who === 'session') {
      expect([route.operation, (await call(route, owner.headers)).statusCode]).toEqual([route.operation, 200]);
    }
  }
});
