import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import { Database } from '@tenon/database';
import pg from 'pg';
import { plantPerson } from '../support/people.js';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';
import { createWorld, type World } from '../support/world.js';

let api: TestApi;
let world: World;
let sql: pg.Client;

beforeAll(async () => {
  api = await startTestApi();
  world = await createWorld(api, api.databaseUrl);
  sql = new pg.Client({ connectionString: api.databaseOwnerUrl });
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await api.close();
});

const asOperator = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object, headers = {}) =>
  api.request({ method, url, key: api.operatorKey, headers, ...(payload && { payload }) });
const path = (id: string, rest = '') => `/v1/tenants/${id}${rest}`;

describe('a tenant', () => {
  test('changes its name and plan, with what was before in the audit log', async () => {
    const { id } = await api.createTenant('Before');
    await api.request({ method: 'PUT', url: '/v1/plans/large', key: api.operatorKey, payload: { functionsMax: 7 } });
    const answer = await asOperator('PATCH', path(id), { name: 'After', plan: 'large' });
    expect(answer.json()).toMatchObject({ name: 'After', plan: 'large', status: 'active' });
    const audit = await asOperator('GET', `/v1/operator/audit?target=${id}&action=tenant.changed`);
    expect(audit.json().items[0].details).toMatchObject({
      before: { name: 'Before', plan: 'default' },
      after: { name: 'After', plan: 'large' },
    });
    expect((await asOperator('PATCH', path(id), { plan: 'nope' })).json().errors[0].pointer).toBe('/body/plan');
    expect((await asOperator('PATCH', path(newId('tenant')), { name: 'x' })).statusCode).toBe(404);
  });

  test('is not changed over the head of somebody who changed it meanwhile', async () => {
    const { id } = await api.createTenant('Contested');
    const etag = String((await asOperator('GET', path(id))).headers.etag);
    expect((await asOperator('PATCH', path(id), { name: 'First' }, { 'if-match': etag })).statusCode).toBe(200);
    expect((await asOperator('PATCH', path(id), { name: 'Second' }, { 'if-match': etag })).json().code).toBe(
      'precondition_failed',
    );
  });

  test('is suspended with a reason that only operators see, and resumed', async () => {
    const tenant = await api.createTenant('Late payer');
    const suspend = () => asOperator('POST', path(tenant.id, '/suspend'), { reason: 'October is open' });
    expect((await suspend()).json()).toMatchObject({ status: 'suspended', suspendedReason: 'October is open' });
    await suspend();
    const refused = await api.request({ method: 'GET', url: '/v1/functions', key: tenant.key });
    expect([refused.statusCode, refused.json().code]).toEqual([403, 'tenant_suspended']);
    expect(refused.body).not.toContain('October');
    expect((await asOperator('GET', '/v1/functions', undefined, { 'tenant-id': tenant.id })).statusCode).toBe(200);
    expect((await asOperator('POST', path(tenant.id, '/resume'))).json()).toMatchObject({
      status: 'active',
      suspendedReason: null,
    });
    const audit = await asOperator('GET', `/v1/operator/audit?target=${tenant.id}`);
    expect(audit.json().items.map(({ action }: { action: string }) => action)).toEqual([
      'tenant.resumed',
      'tenant.suspended',
    ]);
  });

  test('that is suspended takes no webhook, and the sender learns that only with a valid signature', async () => {
    const tenant = await api.createTenant('Sleepy');
    const payload = { name: 's', scheme: 'shopify', mapping: { fallback: 'cart.updated' } };
    const source = (await api.request({ method: 'POST', url: '/v1/webhook-sources', key: tenant.key, payload })).json();
    const send = (url: string) =>
      api.request({
        method: 'POST',
        url,
        payload: { total: 1 },
        headers: { 'x-shopify-hmac-sha256': 'AAAA', 'x-shopify-event-id': '1' },
      });
    const before = await send(source.path);
    await asOperator('POST', path(tenant.id, '/suspend'), {});
    const after = await send(source.path);
    const unknown = await send(`/v1/webhooks/${newId('webhookSource')}`);
    expect([before.statusCode, after.statusCode, unknown.statusCode]).toEqual([401, 401, 401]);
    expect(after.body).toBe(before.body);
    expect(after.body).toBe(unknown.body);
  });
});

describe('deleting a tenant', () => {
  let eraser: Database;
  beforeAll(async () => {
    eraser = await Database.open({ url: api.databaseUrl, applicationName: 'test', uses: ['eraser'] });
  });
  afterAll(() => eraser.close());

  test('takes two steps, shuts every door, shows its progress and ends with nothing but a tombstone', async () => {
    const tenant = await api.createTenant('Leaving');
    const person = await plantPerson(api, [{ tenantId: tenant.id, role: 'owner' }]);
    expect((await asOperator('DELETE', path(tenant.id))).json().code).toBe('tenant_not_suspended');
    expect((await asOperator('GET', path(tenant.id, '/erasure'))).statusCode).toBe(404);
    await asOperator('POST', path(tenant.id, '/suspend'), {});
    const answer = await asOperator('DELETE', path(tenant.id));
    expect([answer.statusCode, answer.json().status]).toEqual([202, 'deleting']);
    expect((await asOperator('DELETE', path(tenant.id))).statusCode).toBe(202);
    for (const call of [
      asOperator('POST', path(tenant.id, '/resume')),
      asOperator('POST', path(tenant.id, '/suspend'), {}),
      asOperator('PATCH', path(tenant.id), { name: 'x' }),
    ]) {
      expect((await call).json().code).toBe('tenant_deleting');
    }
    expect((await api.request({ method: 'GET', url: '/v1/functions', key: tenant.key })).json().code).toBe(
      'tenant_suspended',
    );
    const bySession = { ...person.headers, 'tenant-id': tenant.id };
    expect((await api.request({ method: 'GET', url: '/v1/functions', headers: bySession })).statusCode).toBe(403);

    // Refusals are written beside the answer, and none of them into the chain that goes away.
    const text =
      "SELECT count(*)::int AS refused FROM audit_entries WHERE chain = $1 AND action LIKE 'request.refused.%'";
    expect((await sql.query(text, [tenant.id])).rows[0].refused).toBe(0);
    while (!(await eraser.erasure.eraseSome(tenant.id, 2)).done);
    expect((await asOperator('GET', path(tenant.id))).statusCode).toBe(404);
    const tombstone = (await asOperator('GET', path(tenant.id, '/erasure'))).json();
    expect(tombstone).toMatchObject({ tenantId: tenant.id, rowsErased: { api_keys: 1, users: 1 } });
    expect(tombstone.finishedAt).not.toBeNull();
    expect((await asOperator('DELETE', path(tenant.id))).statusCode).toBe(404);
    const { rows } = await sql.query('SELECT chain FROM audit_heads WHERE chain = $1', [tenant.id]);
    expect(rows).toEqual([]);
  });
});

describe('an export', () => {
  const lines = (body: string) =>
    body
      .trimEnd()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
  const fetchExport = (tenant: TestTenant, cursor?: string) =>
    api.request({
      method: 'GET',
      url: path(tenant.id, `/export${cursor === undefined ? '' : `?cursor=${cursor}`}`),
      key: tenant.key,
    });

  test('has one line for every row of the tenant, a cursor now and then, and an end', async () => {
    const answer = await fetchExport(world.tenant);
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    const all = lines(answer.body);
    expect(all.at(-1)).toMatchObject({ type: 'end', tenantId: world.tenant.id });
    const rows = (all.at(-1)?.rows ?? {}) as Record<string, number>;
    expect(Object.keys(rows)).toEqual(
      expect.arrayContaining([
        'tenants',
        'api_keys',
        'functions',
        'versions',
        'events',
        'executions',
        'memberships',
        'users',
        'invitations',
        'webhook_sources',
        'audit_entries',
      ]),
    );
    for (const [name, count] of Object.entries(rows)) {
      expect(all.filter(({ type }) => type === name)).toHaveLength(count);
      if (name === 'audit_entries' || name === 'users' || name === 'tenants') continue;
      const found = await sql.query(`SELECT count(*)::int AS count FROM ${name} WHERE tenant_id = $1`, [
        world.tenant.id,
      ]);
      expect([name, count]).toEqual([name, found.rows[0].count]);
    }
    const execution = all.find(({ type }) => type === 'executions')?.row;
    expect(execution).toMatchObject({ id: world.execution, output: '{"discount":5}' });
  });

  test('carries no secret: no hash of a key or token, no sealed bytes, no password', async () => {
    const { body } = await fetchExport(world.tenant);
    const { rows } = await sql.query<{ secret: string }>(`
      SELECT encode(hash, 'hex') AS secret FROM api_keys UNION ALL SELECT encode(token_hash, 'hex') FROM invitations
      UNION ALL SELECT encode(unnest(secrets), 'hex') FROM webhook_sources UNION ALL SELECT password_hash FROM users WHERE password_hash IS NOT NULL`);
    expect(rows.length).toBeGreaterThan(3);
    for (const { secret } of rows) expect(body).not.toContain(secret);
    expect(body).not.toMatch(/secret|password|token_hash|"hash":"\\\\x/);
    const { rows: columns } = await sql.query<{ name: string }>(`
      SELECT table_name || '.' || column_name AS name FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type NOT IN ('bytea', 'ARRAY') AND column_name ~ 'secret|password|token|sealed'`);
    // Whatever is secret is bytes, which no export carries; or its table belongs to no tenant and is not exported whole.
    expect(columns.map(({ name }) => name)).toEqual(['users.password_hash']);
  });

  test('goes on where it was cut off, without losing or doubling a row', async () => {
    const tenant = await api.createTenant('Large');
    await sql.query(
      `INSERT INTO events (id, tenant_id, source, source_event_id, type, data, origin)
         SELECT 'evt_0' || lpad(n::text, 25, '0'), $1, '/s', n::text, 't', repeat('x', 3000), 'rest' FROM generate_series(1, 1200) AS n`,
      [tenant.id],
    );
    const whole = lines((await fetchExport(tenant)).body);
    const cursors = whole.filter(({ type }) => type === 'cursor').map(({ cursor }) => String(cursor));
    expect(cursors.length).toBeGreaterThan(3);
    const ids = (part: readonly Record<string, unknown>[]) =>
      part.filter(({ type }) => type === 'events').map(({ row }) => (row as { id: string }).id);
    expect(new Set(ids(whole)).size).toBe(1_200);
    const [cursor = ''] = cursors.slice(2);
    const at = whole.findIndex((line) => line.cursor === cursor);
    const rest = lines((await fetchExport(tenant, cursor)).body);
    expect([...ids(whole.slice(0, at)), ...ids(rest)]).toEqual(ids(whole));
    expect(rest.at(-1)?.type).toBe('end');
  });

  test.each([
    'x',
    'AAAA',
    Buffer.from('{"section":"users; DROP TABLE users","after":[]}').toString('base64url'),
    Buffer.from('{"section":"events","after":["a","b","c"]}').toString('base64url'),
    Buffer.from('{"section":"pg_authid","after":[]}').toString('base64url'),
  ])('refuses %s, which is no cursor of it', async (cursor) => {
    const answer = await fetchExport(world.tenant, cursor);
    expect([answer.statusCode, answer.json().errors[0].pointer]).toEqual([400, '/query/cursor']);
  });

  test('shows nothing of anybody else, whatever the cursor says', async () => {
    const stranger = await api.createTenant('Stranger');
    const after: Id<'tenant'>[] = [world.tenant.id];
    const cursor = Buffer.from(JSON.stringify({ section: 'tenants', after })).toString('base64url');
    for (const answer of [await fetchExport(stranger), await fetchExport(stranger, cursor)]) {
      expect(answer.statusCode).toBe(200);
      for (const name of [world.tenant.id, world.execution, world.member]) expect(answer.body).not.toContain(name);
    }
  });
});
