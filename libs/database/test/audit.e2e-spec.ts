import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { AuditDraft, Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import fc from 'fast-check';
import pg from 'pg';
import { appendAsRecorder, recorderPool } from './audit-fixture.js';
import { createWorld, executionOf, openTestDatabase, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let database: Database;
let superuser: pg.Client;
let world: TenantWorld;
let recorder: pg.Pool;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
  superuser = new pg.Client({ connectionString: server.ownerUrl });
  await superuser.connect();
  recorder = recorderPool(server.url);
});

afterAll(async () => {
  await superuser?.end();
  await recorder?.end();
  await database?.close();
  await server?.drop();
});

beforeEach(async () => {
  world = await createWorld(database);
});

/** Straight to `chains`, in one transaction of the recorder's that names the tenants `named`. */
const appendTogether = (
  chains: readonly string[],
  drafts: readonly AuditDraft[],
  { named = chains, atMs }: { readonly named?: readonly string[]; readonly atMs?: number } = {},
) => appendAsRecorder(recorder, { appends: chains.map((chain) => ({ chain, drafts })), named, atMs });

const append = (...drafts: AuditDraft[]) => database.withTenant(world.tenantId, (tx) => tx.audit.append(...drafts));
const verify = () => database.auditTrail.verify(world.tenantId);
const draft = (target: string): AuditDraft => ({ actor: 'key_a', action: 'test.done', target, details: { target } });

describe('appending', () => {
  test('many at once to one chain, from transactions and batches, leave one whole chain', async () => {
    const appends = Array.from({ length: 12 }, (_, at) => append(draft(`${at} a`), draft(`${at} b`)));
    const batches = Array.from({ length: 6 }, () =>
      database.recorder.record(world.tenantId, { executions: [executionOf(world)] }),
    );
    await Promise.all([...appends, ...batches]);
    expect(await verify()).toMatchObject({ intact: true, entries: 30 });
  });

  test('whatever the details hold, the chain verifies after the round trip through Postgres', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), fc.string({ unit: 'binary' }), async (value, text) => {
        await append({
          actor: text,
          action: 'test.done',
          target: text,
          requestId: text,
          details: { value: JSON.parse(JSON.stringify(value)) },
        });
        expect(await verify()).toMatchObject({ intact: true });
      }),
      { numRuns: 50 },
    );
  });

  test('many batches over the same chains in other orders never wait for each other in a circle', async () => {
    const worlds = [world, await createWorld(database), await createWorld(database)];
    const chains = worlds.map(({ tenantId }) => tenantId);
    const orders = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [0, 2, 1],
    ].flatMap((order) => [order, order, order]);
    await Promise.all(
      orders.map((order, at) =>
        appendTogether(
          order.flatMap((place) => chains[place] ?? []),
          [draft(`${at}`)],
        ),
      ),
    );
    for (const chain of chains) {
      expect(await database.auditTrail.verify(chain)).toMatchObject({ intact: true, entries: 12 });
    }
  });

  test('a chain that a transaction does not name is refused, to the recorder as well', async () => {
    const other = await createWorld(database);
    const tried = appendTogether([other.tenantId], [draft('a')], { named: [world.tenantId] });
    await expect(tried).rejects.toMatchObject({ code: '42501' });
  });

  test('pages run newest first and can be narrowed', async () => {
    await append(...['a', 'b', 'c'].map(draft), { actor: 'x', action: 'other.done', target: 'd', requestId: 'req_1' });
    const read = (cursor?: string) =>
      database.withTenant(world.tenantId, (tx) => tx.audit.list({ limit: 2, cursor, action: 'test.done' }));
    for (const filter of [{ actor: 'x' }, { target: 'd' }, { requestId: 'req_1' }, { action: 'other.done' }]) {
      const page = await database.withTenant(world.tenantId, (tx) => tx.audit.list({ limit: 9, ...filter }));
      expect(page.items.map((entry) => entry.target)).toEqual(['d']);
    }
    const first = await read();
    expect(first.items.map((entry) => entry.target)).toEqual(['c', 'b']);
    const second = await read(first.next);
    expect(second.items.map((entry) => entry.target)).toEqual(['a']);
    expect(second.next).toBeUndefined();
  });

  test('a range of times is a range of places', async () => {
    const times = [1_000, 2_000, 2_000, 3_000].map((s) => s * 1_000);
    for (const [place, atMs] of times.entries()) {
      await appendTogether([world.tenantId], [draft(String(place))], { atMs });
    }
    const read = async (from?: number, to?: number) => {
      const range = {
        from: from === undefined ? undefined : new Date(from),
        to: to === undefined ? undefined : new Date(to),
      };
      const page = await database.withTenant(world.tenantId, (tx) => tx.audit.list({ limit: 9, ...range }));
      return page.items.map((entry) => entry.target).join('');
    };
    expect(await read(2_000_000)).toBe('321');
    expect(await read(2_000_001)).toBe('3');
    expect(await read(undefined, 2_000_000)).toBe('0');
    expect(await read(1_000_001, 3_000_000)).toBe('21');
    expect(await read(9_000_000)).toBe('');
    expect(await read(undefined, 1_000)).toBe('');
  });

  test('time never goes back within a chain, whatever the clocks of processes say', async () => {
    await appendTogether([world.tenantId], [draft('a')], { atMs: 2_000_000 });
    const late = appendTogether([world.tenantId], [draft('b')], { atMs: 1_999_999 });
    await expect(late).rejects.toMatchObject({ code: '23000' });
    await append(draft('c'));
    expect(await verify()).toMatchObject({ intact: true, entries: 2 });
  });

  test('a chain of more than nine entries is read by number, not by text (1, 10, 2)', async () => {
    await append(...Array.from({ length: 12 }, (_, at) => draft(String(at))));
    const page = await database.withTenant(world.tenantId, (tx) => tx.audit.list({ limit: 50 }));
    expect(page.items.map((entry) => entry.seq)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await verify()).toMatchObject({ intact: true, entries: 12 });
  });

  test('the operator has a chain of their own, which no tenant reads', async () => {
    const before = await database.auditTrail.verifyOperator();
    await database.asOperator((tx) => tx.audit.append(draft('plan')));
    const after = await database.auditTrail.verifyOperator();
    expect(after).toMatchObject({ intact: true, entries: before.entries + 1 });
    expect(await verify()).toMatchObject({ intact: true, entries: 0 });
  });

  test('nobody can append out of order, not even by hand', async () => {
    await append(draft('a'));
    const insert = `INSERT INTO audit_entries SELECT chain, $2, 'aud_x', at, actor, action, target, request_id, details,
      $3, hash FROM audit_entries WHERE chain = $1 AND seq = 1`;
    const { rows } = await superuser.query('SELECT hash FROM audit_heads WHERE chain = $1', [world.tenantId]);
    for (const [seq, prev] of [
      [3, rows[0].hash],
      [2, '0'.repeat(64)],
    ]) {
      const forged = superuser.query(insert, [world.tenantId, seq, prev]);
      await expect(forged).rejects.toMatchObject({ code: '23000' });
    }
  });

  test.each([
    ['UPDATE', "UPDATE audit_entries SET actor = 'nobody'"],
    ['DELETE', 'DELETE FROM audit_entries'],
    ['TRUNCATE', 'TRUNCATE audit_entries'],
  ])('%s is refused even to the owner', async (_what, statement) => {
    await append(draft('a'));
    await expect(superuser.query(statement)).rejects.toMatchObject({ code: '42501' });
  });
});
