import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import { createWorld, newEvent, openTestDatabase, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let database: Database;
let worlds: readonly TenantWorld[];

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
  worlds = [await createWorld(database, 'A'), await createWorld(database, 'B'), await createWorld(database, 'C')];
});

afterAll(async () => {
  await database?.close();
  await server?.drop();
});

test('four hundred calls of three tenants over four connections never see another tenant', async () => {
  const calls = Array.from({ length: 400 }, (_, call) => worlds[call % worlds.length]).map(async (world, call) => {
    if (world === undefined) return;
    if (call % 2 === 0) {
      const found = await database.withTenant(world.tenantId, (tx) => tx.functions.list({ limit: 10 }));
      expect(found.items.map((item) => item.id)).toEqual([world.functionId]);
      return;
    }
    const [live] = await database.liveFunctions.byPoint(world.tenantId, 'cart.discounts');
    expect(live?.versionId).toBe(world.versionId);
  });
  await Promise.all(calls);
});

test('a transaction that throws leaves nothing behind and its connection is clean', async () => {
  const [world] = worlds;
  if (world === undefined) throw new Error('no world');
  const failed = database.withTenant(world.tenantId, async (tx) => {
    await tx.functions.create({ name: 'half-made', extensionPoint: 'cart.discounts' });
    await tx.audit.append({ actor: 'system', action: 'function.created', target: 'half-made' });
    throw new Error('changed my mind');
  });
  await expect(failed).rejects.toThrow('changed my mind');
  await database.withTenant(world.tenantId, async (tx) => {
    expect(await tx.functions.findByName('half-made')).toBeNull();
    expect((await tx.audit.list({ limit: 5 })).items).toEqual([]);
  });
});

test('a failing batch gives its connection back in order', async () => {
  const [world] = worlds;
  if (world === undefined) throw new Error('no world');
  const bad = { ...newEvent(), time: new Date(Number.NaN) };
  for (let round = 0; round < 8; round += 1) {
    await expect(database.events.insert(world.tenantId, [bad])).rejects.toThrow(RangeError);
    const wrong = database.recorder.record(world.tenantId, { executions: [], doneEvents: [{ id: 'evt_nowhere' }] });
    await expect(wrong).resolves.toEqual({ recorded: [] });
  }
  expect(await database.events.insert(world.tenantId, [newEvent()])).toHaveLength(1);
});
