import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defaultExecutionLimits, defaultQuotaLimits, type Id, newId } from '@tenon/contracts';
import type { Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import { createWorld, executionOf, newEvent, openTestDatabase, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let database: Database;
let world: TenantWorld;
let other: TenantWorld;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
  world = await createWorld(database);
  other = await createWorld(database, 'Another');
});
afterAll(async () => {
  await database?.close();
  await server?.drop();
});

const monthStart = new Date('2026-11-01T00:00:00Z');
const hold = async (tenantId: Id<'tenant'>, count: number, held: string) => {
  const events = Array.from({ length: count }, () => newEvent({ held, priority: 7 }));
  return (await database.events.insert(tenantId, events)).map(({ id }) => id);
};

describe('the truth that quotas are counted from', () => {
  test('is the plan with its defaults, and the usage of the month whether it is rolled up or not', async () => {
    const first = await database.quota.read(world.tenantId, monthStart);
    expect(first).toEqual({ plan: 'default', limits: defaultQuotaLimits, executions: 0, instructions: 0 });
    const runs = [executionOf(world), executionOf(world)];
    await database.recorder.record(world.tenantId, { executions: runs });
    await database.maintenance.rollUpUsage();
    await database.recorder.record(world.tenantId, { executions: [executionOf(world)] });
    const truth = await database.quota.read(world.tenantId, new Date(0));
    const each = runs[0]?.instructionsUsed ?? 0;
    expect(truth).toMatchObject({ executions: 3, instructions: 3 * each });
    expect(await database.quota.read(world.tenantId, new Date(Date.now() + 7_200_000))).toMatchObject({
      executions: 0,
    });
    expect(await database.quota.read(newId('tenant'), monthStart)).toBeNull();
  });

  test('names what a plan grants to all tenants, page by page', async () => {
    const quotas = { ...defaultQuotaLimits, weight: 4 };
    await database.asOperator((tx) =>
      tx.plans.put('default', { functionsMax: 5, executionLimits: defaultExecutionLimits, quotas }),
    );
    const [first] = await database.quota.tenantLimits('', 1);
    const rest = await database.quota.tenantLimits(first?.id ?? '', 10);
    expect([first?.id, ...rest.map(({ id }) => id)]).toEqual([world.tenantId, other.tenantId].toSorted());
    expect(rest[0]?.limits).toEqual(quotas);
  });

  test('counts equal modules and artifacts once', async () => {
    const before = await database.quota.storedBytes(world.tenantId);
    const upload = { functionId: world.functionId, sha256: 'ab'.repeat(32), bytes: 1_000 };
    await database.withTenant(world.tenantId, (tx) => tx.versions.create(upload));
    await database.withTenant(world.tenantId, (tx) => tx.versions.create(upload));
    expect(await database.quota.storedBytes(world.tenantId)).toBe(before + 1_000);
  });
});

describe('events held for a quota', () => {
  test('are released oldest first, as many as asked for, and nobody else sees them', async () => {
    const held = await hold(world.tenantId, 6, 'executions_per_minute');
    const byHand = await hold(world.tenantId, 2, 'a person said so');
    const theirs = await hold(other.tenantId, 3, 'events_waiting');
    expect(await database.quota.tenantsWithHeldEvents('', 10)).toEqual([world.tenantId, other.tenantId].toSorted());
    expect(await database.quota.tenantsWithHeldEvents('', 1)).toHaveLength(1);
    expect(await database.quota.heldEvents(world.tenantId, 100)).toBe(6);
    expect(await database.quota.heldEvents(world.tenantId, 4)).toBe(4);
    expect(await database.quota.heldEvents(world.tenantId, 100, ['events_waiting'])).toBe(0);
    const released = await database.quota.releaseOldest(world.tenantId, 4);
    expect(released.map(({ id }) => id).toSorted()).toEqual(held.toSorted().slice(0, 4));
    expect(released[0]).toMatchObject({ priority: 7, notBefore: null });
    expect(await database.quota.releaseOldest(world.tenantId, 100)).toHaveLength(2);
    expect(await database.quota.heldEvents(world.tenantId, 100)).toBe(0);
    const statuses = (await database.events.load(world.tenantId, byHand)).map(({ status }) => status);
    expect(statuses).toEqual(['held', 'held']);
    expect((await database.events.load(other.tenantId, theirs)).map(({ status }) => status)).toEqual([
      'held',
      'held',
      'held',
    ]);
  });

  test('that may run later are not released before their minute, and then in turn', async () => {
    const minutes = (count: number) => new Date(Date.now() + count * 60_000);
    const held = 'executions_per_month';
    const given = [
      newEvent({ held, notBefore: minutes(2) }),
      newEvent({ held, notBefore: minutes(-2) }),
      newEvent({ held }),
    ];
    const [later, due, plain] = (await database.events.insert(world.tenantId, given)).map(({ id }) => id);
    expect(await database.quota.heldEvents(world.tenantId, 100)).toBe(2);
    const released = (await database.quota.releaseOldest(world.tenantId, 100)).map(({ id }) => id);
    expect(released.toSorted()).toEqual([due, plain].toSorted());
    expect(await database.events.load(world.tenantId, [later ?? newId('event')])).toMatchObject([{ status: 'held' }]);
  });

  test('are each released to one of two who ask at the same time', async () => {
    const ids = await hold(other.tenantId, 40, 'instructions_per_month');
    const parts = await Promise.all([1, 2, 3, 4].map(() => database.quota.releaseOldest(other.tenantId, 15)));
    const all = parts.flat().map(({ id }) => id);
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(15);
    expect(ids.length).toBe(40);
  });
});
