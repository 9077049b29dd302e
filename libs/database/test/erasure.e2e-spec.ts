import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import { type Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import * as fc from 'fast-check';
import pg from 'pg';
import { deletionOrder, type OwnedTable } from '../src/pipeline/owned-tables.js';
import { createWorld, executionOf, newEvent, openTestDatabase, randomHex, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let database: Database;
let sql: pg.Client;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url, ['app', 'recorder', 'scheduler', 'eraser']);
  sql = new pg.Client({ connectionString: server.ownerUrl });
  await sql.connect();
});
afterAll(async () => {
  await sql?.end();
  await database?.close();
  await server?.drop();
});

async function join(tenantId: Id<'tenant'>, email: string): Promise<Id<'user'>> {
  return database.asIdentity(async (tx) => {
    const user =
      (await tx.users.findByEmail(email)) ?? (await tx.users.create({ email, name: 'x', passwordHash: null }));
    if (user === null) throw new Error('no user');
    await tx.invitations.join(tenantId, user.id, 'owner');
    const session = { userId: user.id, method: 'password', address: '', userAgent: '' } as const;
    const expiresAt = new Date(Date.now() + 60_000);
    await tx.sessions.create({ ...session, expiresAt, tokenHash: Buffer.from(randomHex(), 'hex') });
    return user.id;
  });
}

/** A tenant with rows in as many tables as the repositories can fill. */
async function fill(name: string): Promise<TenantWorld> {
  const world = await createWorld(database, name);
  const { tenantId, functionId, versionId } = world;
  const accepted = await database.events.insert(tenantId, [newEvent(), newEvent(), newEvent({ held: 'quota' })]);
  await database.recorder.record(tenantId, { executions: accepted.map(({ id }) => executionOf(world, id)) });
  await database.withTenant(tenantId, async (tx) => {
    const hash = Buffer.from(randomHex(), 'hex');
    await tx.keys.create({ name: 'k', prefix: 'tnk_a', hash, scopes: [] });
    const secrets = [Buffer.from('sealed')];
    await tx.webhookSources.create({ name: 's', scheme: 'standard', mapping: { types: {} }, secrets });
    const invitation = { email: 'i@example.com', role: 'viewer', invitedBy: 'key_x' } as const;
    const tokenHash = Buffer.from(randomHex(), 'hex');
    await tx.invitations.create({ ...invitation, tokenHash, expiresAt: new Date('2100-01-01') });
    // Each deployment points at the one before it.
    for (let turn = 0; turn < 4; turn += 1) await tx.deployments.activate(functionId, versionId, 'key_x');
    await tx.audit.append({ actor: 'key_x', action: 'test.made', target: 'everything' });
  });
  return world;
}

/** Rows that name the tenant, in every table that there is, whatever the column is called. */
async function rowsOf(tenantId: string): Promise<Record<string, number>> {
  const { rows: tables } = await sql.query<{ name: string }>(`
    SELECT c.relname AS name FROM pg_class AS c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> 'tenant_erasures' ORDER BY 1`);
  const found: Record<string, number> = {};
  for (const { name } of tables) {
    const text = `SELECT count(*)::int AS count FROM ${name} AS t WHERE to_jsonb(t)::text LIKE '%' || $1 || '%'
                    AND to_jsonb(t) ->> 'chain' IS DISTINCT FROM 'operator'`;
    const { rows } = await sql.query<{ count: number }>(text, [tenantId]);
    if ((rows[0]?.count ?? 0) > 0) found[name] = rows[0]?.count ?? 0;
  }
  return found;
}

const mark = (tenantId: Id<'tenant'>) => database.asOperator((tx) => tx.tenants.startErasure(tenantId, 'key_operator'));

async function erase(tenantId: Id<'tenant'>, rowsMax: number): Promise<number> {
  for (let step = 1; step < 1_000; step += 1) {
    const { rows, done } = await database.erasure.eraseSome(tenantId, rowsMax);
    if (done) return step;
    expect(rows).toBeGreaterThan(0);
  }
  throw new Error('no end');
}

describe('a tenant that is deleted', () => {
  test('leaves no row in any table, whatever the size of a step, and its neighbour keeps every one', async () => {
    const neighbour = await fill('Neighbour');
    const kept = await rowsOf(neighbour.tenantId);
    expect(Object.keys(kept).length).toBeGreaterThan(12);
    for (const rowsMax of [1, 3, 10_000]) {
      const { tenantId } = await fill(`Leaving by ${rowsMax}`);
      const before = await rowsOf(tenantId);
      await mark(tenantId);
      const steps = await erase(tenantId, rowsMax);
      if (rowsMax === 1) expect(steps).toBeGreaterThan(15);
      expect(await rowsOf(tenantId)).toEqual({});
      const erasure = await database.asOperator((tx) => tx.tenants.erasure(tenantId));
      expect(erasure?.finishedAt).not.toBeNull();
      expect(erasure?.rowsErased.executions).toBe(before.executions);
      expect(erasure?.rowsErased.audit_entries).toBe(erasure?.audit?.seq);
    }
    expect(await rowsOf(neighbour.tenantId)).toEqual(kept);
    expect(await database.auditTrail.verify(neighbour.tenantId)).toMatchObject({ intact: true });
  });

  test("leaves in the operators' chain where its own chain ended", async () => {
    const { tenantId } = await fill('Remembered');
    const head = await sql.query('SELECT seq::int, hash FROM audit_heads WHERE chain = $1', [tenantId]);
    await mark(tenantId);
    await erase(tenantId, 100);
    const { items } = await database.asOperator((tx) => tx.audit.list({ limit: 1 }));
    expect(items[0]).toMatchObject({ action: 'tenant.erased', target: tenantId });
    const details: unknown = JSON.parse(JSON.stringify(items[0]));
    expect(JSON.stringify(details)).toContain(head.rows[0].hash);
    expect(await database.auditTrail.verifyOperator()).toMatchObject({ intact: true });
  });

  test('takes people along who belong to nobody else, with their sessions, and leaves the others', async () => {
    const [leaving, staying] = [await fill('Leaving'), await fill('Staying')];
    const alone = await join(leaving.tenantId, 'alone@example.com');
    const both = await join(leaving.tenantId, 'both@example.com');
    await join(staying.tenantId, 'both@example.com');
    const operator = await join(leaving.tenantId, 'operator@example.com');
    await database.asIdentity((tx) => tx.users.makeOperator(operator));
    await mark(leaving.tenantId);
    await erase(leaving.tenantId, 5);
    const { rows } = await sql.query('SELECT id FROM users WHERE id = ANY($1) ORDER BY id', [[alone, both, operator]]);
    expect(rows.map(({ id }) => id)).toEqual([both, operator].sort());
    const sessions = await sql.query('SELECT count(*)::int AS left FROM sessions WHERE user_id = $1', [alone]);
    expect(sessions.rows[0].left).toBe(0);
  });

  test('is erased by one worker at a time, and a step that fails takes nothing', async () => {
    const { tenantId } = await fill('Contested');
    await mark(tenantId);
    const steps = await Promise.all(Array.from({ length: 4 }, () => database.erasure.eraseSome(tenantId, 1)));
    expect(steps.filter(({ rows }) => rows > 0).length).toBeGreaterThan(0);
    await erase(tenantId, 100);
    expect(await rowsOf(tenantId)).toEqual({});
    expect(await database.erasure.eraseSome(tenantId, 100)).toEqual({ rows: 0, done: true });
  });

  test('is due after the grace only', async () => {
    const { tenantId } = await fill('Waiting');
    await mark(tenantId);
    expect(await database.erasure.due(60, 10)).not.toContain(tenantId);
    expect(await database.erasure.due(0, 10)).toContain(tenantId);
    await erase(tenantId, 10_000);
  });
});

describe('the eraser', () => {
  test.each(['active', 'suspended'] as const)('touches nothing of a tenant that is %s', async (status) => {
    const { tenantId } = await fill(`Alive and ${status}`);
    await database.asOperator((tx) => tx.tenants.setStatus(tenantId, status));
    const before = await rowsOf(tenantId);
    expect(await database.erasure.eraseSome(tenantId, 10_000)).toEqual({ rows: 0, done: true });
    expect(await rowsOf(tenantId)).toEqual(before);
  });

  test('sees no row of a tenant that lives, even when it asks by hand', async () => {
    const { tenantId } = await fill('Alive');
    await sql.query('BEGIN');
    await sql.query('SET LOCAL ROLE tenon_eraser');
    await sql.query("SELECT set_config('app.tenant_id', $1, true)", [tenantId]);
    for (const table of ['api_keys', 'events', 'executions', 'functions', 'versions', 'deployments', 'memberships']) {
      expect((await sql.query(`SELECT count(*)::int AS seen FROM ${table}`)).rows[0].seen).toBe(0);
      expect((await sql.query(`DELETE FROM ${table}`)).rowCount).toBe(0);
    }
    expect((await sql.query('SELECT erase_audit_chain(100)::int AS removed')).rows[0].removed).toBe(0);
    expect((await sql.query('SELECT erase_people_of_tenant()::int AS removed')).rows[0].removed).toBe(0);
    await expect(sql.query('DELETE FROM audit_entries')).rejects.toThrow(/permission denied/);
    await sql.query('ROLLBACK');
  });
});

describe('the order of deletion', () => {
  const table = (name: string, pointsAt: readonly string[]): OwnedTable => ({ name, key: ['id'], pointsAt });

  test('puts whoever points before what is pointed at', async () => {
    // A table may point at those with a smaller number only, so there is no circle.
    const graphs = fc
      .integer({ min: 1, max: 12 })
      .chain((size) =>
        fc.tuple(
          ...Array.from({ length: size }, (_, index) =>
            fc.subarray(Array.from({ length: index }, (__, at) => `t${at}`)),
          ),
        ),
      );
    await fc.assert(
      fc.property(graphs, (edges) => {
        const tables = edges.map((pointsAt, index) => table(`t${index}`, pointsAt));
        const order = deletionOrder(tables.toReversed()).map(({ name }) => name);
        expect(order.toSorted()).toEqual(tables.map(({ name }) => name).toSorted());
        for (const { name, pointsAt } of tables) {
          for (const target of pointsAt) expect(order.indexOf(name)).toBeLessThan(order.indexOf(target));
        }
      }),
    );
  });

  test('names the tables of a circle', () => {
    expect(() => deletionOrder([table('a', ['b']), table('b', ['a']), table('c', [])])).toThrow(/circle: a, b/);
  });
});

test('what names a tenant in the path of its own rows is not found by an id that never was', async () => {
  expect(await rowsOf(newId('tenant'))).toEqual({});
});
