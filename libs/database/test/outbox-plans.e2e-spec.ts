import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Id } from '@tenon/contracts';
import type { Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase, waitFor } from '@tenon/testing';
import pg from 'pg';
import { createWorld, executionOf, newEvent, openTestDatabase, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let owner: pg.Client;

beforeAll(async () => {
  server = await createTestDatabase();
  owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
});

afterAll(async () => {
  await owner?.end();
  await server?.drop();
});

/** Rows of the outbox and entries of its indexes that anybody ever read. Sessions report them when they end. */
async function rowsRead(): Promise<number> {
  await waitFor('the sessions to end', async () => {
    const others = await owner.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tenon-test'",
    );
    return others.rowCount === 0;
  });
  return rowsReadSoFar();
}

async function rowsReadSoFar(): Promise<number> {
  const { rows } = await owner.query(`
    SELECT sum(t.seq_tup_read + (SELECT sum(i.idx_tup_read) FROM pg_stat_user_indexes AS i WHERE i.relid = t.relid))::int
           AS read FROM pg_stat_user_tables AS t WHERE t.relname IN ('events', 'event_work')`);
  return rows[0].read;
}

/** One round of everything that the pipeline asks of the outbox. */
async function oneRound(database: Database, world: TenantWorld): Promise<void> {
  const again = newEvent();
  await database.events.insert(world.tenantId, [...Array.from({ length: 19 }, () => newEvent()), again]);
  await database.events.insert(world.tenantId, [again]);
  const ids = (await database.outbox.newestReady(-1_000, 20)).map((event) => event.id);
  expect(ids).toHaveLength(20);
  await database.outbox.readyAfter(ids.at(-1) ?? '', -1_000, 20);
  await database.outbox.stillReady(ids);
  await database.events.load(world.tenantId, ids);
  expect((await database.eventWork.load(world.tenantId, ids)).events).toHaveLength(20);
  const executions = ids.map((id) => executionOf(world, id));
  const [last, ...others] = ids;
  const againEvents = last === undefined ? [] : [{ ...again20, id: last }];
  const doneEvents = others.map((id) => ({ id }));
  await database.recorder.record(world.tenantId, { executions, doneEvents, againEvents });
}

/** Not to be met again in the next round. */
const again20 = { attempts: 0, attemptsNow: 1, failures: 0, status: 'dead', reason: 'tested' } as const;

/** So many old events, left to do, with data of the size of a cart. */
async function addOldEvents(world: TenantWorld, from: number, count: number): Promise<void> {
  await owner.query(
    `WITH old AS (
       INSERT INTO events (id, tenant_id, source, source_event_id, type, data, origin)
         SELECT 'evt_00' || lpad(n::text, 24, '0'), $1, '/old', n::text, 'cart.updated', repeat('x', 300), 'rest'
           FROM generate_series($2::int, $3::int) AS n RETURNING id, tenant_id
     ) INSERT INTO event_work (id, tenant_id) SELECT id, tenant_id FROM old`,
    [world.tenantId, from, from + count - 1],
  );
}

test('an outbox that grew under plans made for an empty one is still never read as a whole', async () => {
  const rowsBefore = 50_000;
  const database = await openTestDatabase(server.url);
  try {
    const world = await createWorld(database);
    // More rounds than the five after which Postgres may settle on a plan for parameters that it does not know.
    for (let round = 0; round < 8; round += 1) await oneRound(database, world);
    await addOldEvents(world, 1, rowsBefore);
    for (let round = 0; round < 4; round += 1) await oneRound(database, world);
  } finally {
    await database.close();
  }
  // The first rounds may well have read all of a table of twenty rows; one reading of the grown one is too many.
  expect(await rowsRead()).toBeLessThan(rowsBefore);
});

test.each([1, 5, 15, 40, 100])(
  'a plan to load events that was made for %i more than were analyzed never reads all that came since',
  async (before) => {
    await owner.query('TRUNCATE events, event_work');
    const database = await openTestDatabase(server.url);
    const [few, many] = [20, 5_000];
    const readBefore = await rowsReadSoFar();
    try {
      const world = await createWorld(database);
      await addOldEvents(world, 1, 5);
      await owner.query('VACUUM ANALYZE events');
      await addOldEvents(world, 6, before);
      const ids = Array.from({ length: few }, (_, n): Id<'event'> => `evt_00${String(n + 1).padStart(24, '0')}`);
      await database.eventWork.load(world.tenantId, ids);
      await addOldEvents(world, before + 6, many);
      expect((await database.eventWork.load(world.tenantId, ids)).events).toHaveLength(few);
    } finally {
      await database.close();
    }
    expect((await rowsRead()) - readBefore).toBeLessThan(many);
  },
);

/**
 * While few events are there, two indexes that begin with the tenant cost the planner the same, and a plan that is kept
 * from then on may read all events of a tenant for each that it looks for: 1,200 us of Postgres for an event.
 */
test('events are found by their ids through the one index that begins with the tenant', async () => {
  const { rows } = await owner.query(`
    SELECT i.relname AS index FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid
      JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
      WHERE x.indrelid = 'events'::regclass AND a.attname = 'tenant_id'`);
  expect(rows).toEqual([{ index: 'events_pkey' }]);
});
