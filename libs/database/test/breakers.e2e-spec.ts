import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import pg from 'pg';
import { createWorld, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let database: Database;
let world: TenantWorld;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open({ url: server.url, applicationName: 'breakers-test' });
  world = await createWorld(database);
});
afterAll(async () => {
  await database?.close();
  await server?.drop();
});

const opening = (isAgain: boolean) => {
  const { functionId, versionId } = world;
  return { functionId, versionId, isAgain, reason: 'fails', pauseMs: 1_000, pauseMsMax: 3_000 };
};
const openings = async () => {
  const owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
  const text = 'SELECT openings FROM function_breakers WHERE function_id = $1';
  const { rows } = await owner.query<{ openings: number }>(text, [world.functionId]);
  await owner.end();
  return rows.map((row) => row.openings);
};
const audited = async () => {
  const { items } = await database.withTenant(world.tenantId, (tx) => tx.audit.list({ limit: 100 }));
  return items.filter(({ action }) => action === 'function.circuit_opened').length;
};

describe('an open circuit', () => {
  it('is opened once by all runs that failed beside each other: a burst of failures does not double its pause', async () => {
    for (let time = 0; time < 10; time += 1) await database.breakers.open(world.tenantId, opening(false));
    expect([await openings(), await audited()]).toEqual([[1], 1]);
  });

  it('stays open for twice as long after each probe that fails', async () => {
    for (let time = 0; time < 2; time += 1) await database.breakers.open(world.tenantId, opening(true));
    expect([await openings(), await audited()]).toEqual([[3], 3]);
  });

  it('of another version begins anew', async () => {
    const other = { ...opening(false), versionId: `ver_${'0'.repeat(26)}` as const };
    await database.breakers.open(world.tenantId, other);
    expect(await openings()).toEqual([1]);
  });
});
