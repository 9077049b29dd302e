import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Id } from '@tenon/contracts';
import type { Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import pg from 'pg';
import { createWorld, executionOf, newEvent, openTestDatabase, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let database: Database;
let owner: pg.Client;
let world: TenantWorld;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
  owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
  world = await createWorld(database);
});
afterAll(async () => {
  await owner?.end();
  await database?.close();
  await server?.drop();
});

/** An id of that age. */
async function agedId<Kind extends 'event' | 'execution'>(prefix: 'evt' | 'exe', days: number): Promise<Id<Kind>> {
  const { rows } = await owner.query(
    "SELECT $1 || '_' || ulid_time(now() - make_interval(days => $2)) || lpad(floor(random() * 1e9)::text, 16, '0') AS id",
    [prefix, days],
  );
  return rows[0].id;
}

async function age(id: Id<'event'>, days: number): Promise<Id<'event'>> {
  const older = await agedId<'event'>('evt', days);
  await owner.query('UPDATE events SET id = $2 WHERE id = $1', [id, older]);
  await owner.query('UPDATE event_work SET id = $2 WHERE id = $1', [id, older]);
  await owner.query('UPDATE event_endings SET id = $2 WHERE id = $1', [id, older]);
  return older;
}

test('finished events go by age with what belongs to them; those that wait for somebody stay', async () => {
  const accepted = await database.events.insert(world.tenantId, [newEvent(), newEvent(), newEvent({ held: 'quota' })]);
  const [done, young, held] = accepted.map(({ id }) => id);
  if (done === undefined || young === undefined || held === undefined) throw new Error('no events');
  const doneEvents = [done, young].map((id) => ({ id, note: 'nothing to do' }));
  await database.recorder.record(world.tenantId, { executions: [], doneEvents });
  const [oldDone, oldHeld] = [await age(done, 31), await age(held, 31)];
  expect(await database.maintenance.forgetEvents(30, 0)).toBe(0);
  expect(await database.maintenance.forgetEvents(30, 100)).toBe(1);
  const left = await database.events.load(world.tenantId, [oldDone, young, oldHeld]);
  expect(new Map(left.map(({ id, status }) => [id, status]))).toEqual(
    new Map([
      [young, 'done'],
      [oldHeld, 'held'],
    ]),
  );
  const { rows } = await owner.query('SELECT id FROM event_endings');
  expect(rows).toEqual([{ id: young }]);
});

test('executions go by dropping the partition of their day', async () => {
  const day = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
  const bounds = await owner.query(
    `SELECT 'exe_' || ulid_time(d) AS first, 'exe_' || ulid_time(d + interval '1 day') AS next
       FROM (SELECT date_trunc('day', now() - interval '100 days', 'UTC') AS d)`,
  );
  const old = `executions_${day(100)}`;
  const { first, next } = bounds.rows[0];
  await owner.query(`CREATE TABLE ${old} PARTITION OF executions FOR VALUES FROM ('${first}') TO ('${next}')`);
  await owner.query(`ALTER TABLE ${old} ENABLE ROW LEVEL SECURITY; ALTER TABLE ${old} FORCE ROW LEVEL SECURITY`);
  const gone = executionOf(world, undefined, { id: await agedId<'execution'>('exe', 100) });
  const strayed = executionOf(world, undefined, { id: await agedId<'execution'>('exe', 95) });
  const kept = executionOf(world);
  await database.recorder.record(world.tenantId, { executions: [gone, strayed, kept] });
  expect(await database.maintenance.dropOldExecutions(90, 100)).toBe(1);
  expect(await database.maintenance.dropOldExecutions(90, 100)).toBe(0);
  const { items } = await database.executions.list(world.tenantId, { limit: 10 });
  expect(items.map(({ id }) => id)).toEqual([kept.id]);
});
