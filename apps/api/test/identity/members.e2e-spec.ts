import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Role, type Scope, scopes, scopesOfRole } from '@tenon/contracts';
import { waitFor } from '@tenon/testing';
import pg from 'pg';
import { accept, createPerson, invite, password, personOf, signIn, type TestPerson } from '../support/people.js';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

let api: TestApi;
let sql: pg.Client;
let tenant: TestTenant;

beforeAll(async () => {
  api = await startTestApi();
  sql = new pg.Client({ connectionString: api.databaseOwnerUrl });
  await sql.connect();
  tenant = await api.createTenant();
});
afterAll(async () => {
  await sql.end();
  await api.close();
});

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
const as = (person: TestPerson, method: Method, url: string, payload?: object, tenantId = tenant.id) =>
  api.request({ method, url, headers: { ...person.headers, 'tenant-id': tenantId }, ...(payload && { payload }) });
const membersOf = (id: string) => `/v1/tenants/${id}/members`;

describe('an invitation', () => {
  test('is accepted once, makes an account and signs in', async () => {
    const token = await invite(api, tenant.id, 'ada@example.com', 'developer');
    const answer = await accept(api, token);
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({
      user: { email: 'ada@example.com', name: 'Ada' },
      tenants: [{ id: tenant.id, role: 'developer' }],
    });
    const again = await accept(api, token);
    const unknown = await accept(api, `tni_${'0'.repeat(64)}`);
    expect([again.statusCode, again.json().code]).toEqual([404, 'invitation_invalid']);
    expect(again.body).toBe(unknown.body);
  });

  test('is one that two accept at once: one of them does', async () => {
    const token = await invite(api, tenant.id, 'race@example.com', 'viewer');
    const statuses = (await Promise.all([accept(api, token), accept(api, token)])).map((answer) => answer.statusCode);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 404 || status === 401)).toHaveLength(1);
  });

  test('can be taken back, and ends by itself', async () => {
    const url = `/v1/tenants/${tenant.id}/invitations`;
    const create = async () =>
      (
        await api.request({ method: 'POST', url, key: tenant.key, payload: { email: 'l@example.com', role: 'viewer' } })
      ).json();
    const [revoked, expired] = [await create(), await create()];
    expect((await api.request({ method: 'DELETE', url: `${url}/${revoked.id}`, key: tenant.key })).statusCode).toBe(
      204,
    );
    await sql.query('UPDATE invitations SET expires_at = now() WHERE id = $1', [expired.id]);
    for (const { token } of [revoked, expired])
      expect((await accept(api, token)).json().code).toBe('invitation_invalid');
    const list = await api.request({ method: 'GET', url: `${url}?limit=2`, key: tenant.key });
    expect(list.json().items.map((item: { status: string }) => item.status)).toEqual(['expired', 'revoked']);
    expect(list.body).not.toContain(revoked.token);
  });

  test('opens no account that is there: its password is needed', async () => {
    const person = await createPerson(api, tenant.id, 'viewer');
    const second = await api.createTenant('Second');
    const token = await invite(api, second.id, person.email, 'owner');
    const payload = { token, password: 'some other pass phrase' };
    expect((await api.request({ method: 'POST', url: '/v1/invitations/accept', payload })).json().code).toBe(
      'sign_in_failed',
    );
    const joined = await accept(api, token);
    expect(joined.json().tenants.map(({ id, role }: { id: string; role: string }) => [id, role])).toEqual([
      [tenant.id, 'viewer'],
      [second.id, 'owner'],
    ]);
  });

  test('makes nobody less than they are', async () => {
    const person = await createPerson(api, tenant.id, 'owner');
    const answer = await accept(api, await invite(api, tenant.id, person.email, 'viewer'));
    expect(answer.json().tenants[0].role).toBe('owner');
  });

  test('a hundred of them can be open at the same time', async () => {
    const full = await api.createTenant('Full');
    await sql.query(
      `INSERT INTO invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at)
         SELECT 'inv_0' || lpad(n::text, 25, '0'), $1, n || '@example.com', 'viewer', sha256(n::text::bytea), 'key_x', now() + interval '1 day'
           FROM generate_series(1, 100) AS n`,
      [full.id],
    );
    const payload = { email: 'one-more@example.com', role: 'viewer' };
    const answer = await api.request({
      method: 'POST',
      url: `/v1/tenants/${full.id}/invitations`,
      key: full.key,
      payload,
    });
    expect(answer.json().code).toBe('plan_limit_reached');
  });
});

describe('a role', () => {
  test('gives its scopes and no others', async () => {
    expect(scopesOfRole('owner')).toEqual(scopes);
    expect(scopesOfRole('viewer').every((scope) => scope.endsWith(':read'))).toBe(true);
    expect(scopesOfRole('developer')).not.toContain('members:write');
    const viewer = await createPerson(api, tenant.id, 'viewer');
    expect((await as(viewer, 'GET', '/v1/functions')).statusCode).toBe(200);
    expect((await as(viewer, 'POST', '/v1/functions', { name: 'x', extensionPoint: 'y' })).json().code).toBe(
      'insufficient_scope',
    );
  });

  test('holds in its tenant only, and the tenant has to be named', async () => {
    const other = await api.createTenant('Other');
    const person = await createPerson(api, tenant.id, 'owner');
    const hidden = await as(person, 'GET', '/v1/functions', undefined, other.id);
    const unknown = await as(
      person,
      'GET',
      '/v1/functions',
      undefined,
      'tnt_00000000000000000000000000' as typeof tenant.id,
    );
    expect(hidden.statusCode).toBe(404);
    expect(hidden.body).toBe(unknown.body);
    const nowhere = await api.request({ method: 'GET', url: '/v1/functions', headers: { cookie: person.cookie } });
    expect(nowhere.json().code).toBe('tenant_required');
  });

  test('of two tenants are not mixed: the path and the header must name the same one', async () => {
    const second = await api.createTenant('Second');
    const person = await createPerson(api, tenant.id, 'owner');
    await accept(api, await invite(api, second.id, person.email, 'viewer'));
    const both = personOf(await signIn(api, person.email));
    expect((await as(both, 'GET', membersOf(second.id), undefined, second.id)).statusCode).toBe(200);
    expect((await as(both, 'GET', membersOf(second.id), undefined, tenant.id)).statusCode).toBe(404);
    const payload = { name: 'k', scopes: ['functions:read'] };
    expect((await as(both, 'POST', `/v1/tenants/${second.id}/keys`, payload, second.id)).json().code).toBe(
      'insufficient_scope',
    );
    expect((await as(both, 'POST', `/v1/tenants/${second.id}/keys`, payload, tenant.id)).statusCode).toBe(404);
    const duplicated = await api.request({
      method: 'GET',
      url: '/v1/functions',
      headers: { ...both.headers, 'tenant-id': [tenant.id, second.id] },
    });
    expect(duplicated.statusCode).toBe(404);
  });

  test('changes within a second, and so does what its person may do', async () => {
    const boss = await createPerson(api, tenant.id, 'owner');
    const person = await createPerson(api, tenant.id, 'viewer');
    const url = `${membersOf(tenant.id)}/${person.userId}`;
    const create = () => as(person, 'POST', '/v1/webhook-sources', { name: 'x', scheme: 'standard', mapping: {} });
    expect((await create()).statusCode).toBe(403);
    expect((await as(boss, 'PUT', url, { role: 'developer' })).json()).toMatchObject({ role: 'developer' });
    await waitFor('the new role to hold', async () => (await create()).statusCode === 201, { timeoutMs: 1_000 });
    expect((await as(boss, 'DELETE', url)).statusCode).toBe(204);
    await waitFor('the door to be shut', async () => (await create()).statusCode === 404, { timeoutMs: 1_000 });
    const audit = await api.request({ method: 'GET', url: '/v1/audit?action=member.role_changed', key: tenant.key });
    expect(audit.json().items[0]).toMatchObject({
      actor: boss.userId,
      target: person.userId,
      details: { before: { role: 'viewer' }, after: { role: 'developer' } },
    });
  });
});

describe('nobody becomes more than they are', () => {
  const mint = (person: TestPerson, wanted: readonly Scope[]) =>
    as(person, 'POST', `/v1/tenants/${tenant.id}/keys`, { name: 'more', scopes: wanted });

  test('a developer mints keys within their role and no others', async () => {
    const developer = await createPerson(api, tenant.id, 'developer');
    expect((await mint(developer, scopesOfRole('developer'))).statusCode).toBe(201);
    for (const scope of ['members:write', 'tenant:export'] as const) {
      expect((await mint(developer, ['functions:read', scope])).json().code).toBe('insufficient_scope');
    }
  });

  test('a developer rotates no key that may do more, and gets no copy of it', async () => {
    const developer = await createPerson(api, tenant.id, 'developer');
    const { id } = await api.createKey(tenant.id, scopes);
    const url = `/v1/tenants/${tenant.id}/keys/${id}/rotate`;
    expect((await as(developer, 'POST', url, {})).json().code).toBe('insufficient_scope');
  });

  test.each<[Role, readonly Scope[]]>([
    ['viewer', ['members:write']],
    ['developer', ['members:write', ...scopesOfRole('viewer')]],
    ['owner', ['members:write', ...scopesOfRole('developer')]],
  ])('a key that may manage members, but holds less than a %s, makes none', async (role, held) => {
    const { key } = await api.createKey(tenant.id, held);
    const payload = { email: 'mine@example.com', role };
    const answer = await api.request({ method: 'POST', url: `/v1/tenants/${tenant.id}/invitations`, key, payload });
    expect(answer.json().code).toBe('insufficient_scope');
    const person = await createPerson(api, tenant.id, 'viewer');
    const put = await api.request({
      method: 'PUT',
      url: `${membersOf(tenant.id)}/${person.userId}`,
      key,
      payload: { role },
    });
    expect(put.json().code).toBe('insufficient_scope');
  });

  test('a key that holds less than an owner does not remove one', async () => {
    const person = await createPerson(api, tenant.id, 'owner');
    const { key } = await api.createKey(tenant.id, ['members:write']);
    const answer = await api.request({ method: 'DELETE', url: `${membersOf(tenant.id)}/${person.userId}`, key });
    expect(answer.json().code).toBe('insufficient_scope');
  });

  test('an owner is no operator', async () => {
    const person = await createPerson(api, tenant.id, 'owner');
    for (const url of ['/v1/tenants', '/v1/operators', '/v1/operator-keys', '/v1/operator-invitations']) {
      expect((await as(person, 'GET', url)).json().code).toBe('insufficient_scope');
    }
    const payload = { email: 'me@example.com', role: 'operator' };
    expect((await as(person, 'POST', `/v1/tenants/${tenant.id}/invitations`, payload)).statusCode).toBe(400);
  });
});

describe('the last owner', () => {
  test('stays, even when two owners remove each other at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const pair = await api.createTenant('Pair');
      const [one, two] = [await createPerson(api, pair.id), await createPerson(api, pair.id)];
      const answers = await Promise.all([
        as(one, 'DELETE', `${membersOf(pair.id)}/${two.userId}`, undefined, pair.id),
        as(two, 'PUT', `${membersOf(pair.id)}/${one.userId}`, { role: 'viewer' }, pair.id),
      ]);
      const { rows } = await sql.query("SELECT user_id FROM memberships WHERE tenant_id = $1 AND role = 'owner'", [
        pair.id,
      ]);
      expect([answers.map((answer) => answer.statusCode), rows.length]).toEqual([expect.arrayContaining([409]), 1]);
    }
  });

  test('can be removed by an operator', async () => {
    const lone = await api.createTenant('Lone');
    const person = await createPerson(api, lone.id);
    const url = `${membersOf(lone.id)}/${person.userId}`;
    expect((await as(person, 'DELETE', url, undefined, lone.id)).json().code).toBe('last_owner');
    expect((await api.request({ method: 'DELETE', url, key: api.operatorKey })).statusCode).toBe(204);
  });
});

describe('operators', () => {
  test('are not taken to one tenant by the path and to another by the header', async () => {
    const other = await api.createTenant('Other');
    const headers = { 'tenant-id': other.id };
    const answer = await api.request({ method: 'GET', url: membersOf(tenant.id), key: api.operatorKey, headers });
    expect(answer.statusCode).toBe(404);
  });

  test('are invited, act for every tenant by session, and are dismissed within a second', async () => {
    const operator = await createPerson(api, null);
    expect((await as(operator, 'GET', '/v1/tenants')).statusCode).toBe(200);
    expect((await as(operator, 'GET', '/v1/functions')).statusCode).toBe(200);
    const list = await as(operator, 'GET', '/v1/operators');
    expect(list.json().items).toEqual([expect.objectContaining({ userId: operator.userId })]);
    const url = `/v1/operators/${operator.userId}`;
    expect((await api.request({ method: 'DELETE', url, key: api.operatorKey })).statusCode).toBe(204);
    await waitFor('the door to be shut', async () => (await as(operator, 'GET', '/v1/tenants')).statusCode === 403, {
      timeoutMs: 1_000,
    });
    expect((await as(operator, 'GET', '/v1/functions')).statusCode).toBe(404);
    expect((await signIn(api, operator.email, password)).json()).toMatchObject({
      user: { operator: false },
      tenants: [],
    });
  });
});
