import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newId } from '@tenon/contracts';
import { batchesTogetherMax, type Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import pg from 'pg';
import { executionRows } from '../src/pipeline/record-rows.js';
import { createWorld, executionOf, newEvent, openTestDatabase, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let owner: pg.Client;
let database: Database;
let world: TenantWorld;

beforeAll(async () => {
  server = await createTestDatabase();
  owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
  database = await openTestDatabase(server.url);
});

beforeEach(async () => {
  world = await createWorld(database);
});

afterAll(async () => {
  await owner?.end();
  await database?.close();
  await server?.drop();
});

/** What a call that Postgres refuses wrote into the table and its parts before it gave up. */
async function writtenInVain(table: string, text: string, values: unknown[]): Promise<number> {
  await owner.query('BEGIN');
  try {
    await owner.query('SAVEPOINT before');
    await expect(owner.query(text, values)).rejects.toThrow('duplicate key value');
    await owner.query('ROLLBACK TO before');
    const { rows } = await owner.query<{ rows: number }>(
      'SELECT sum(n_tup_ins)::int AS rows FROM pg_stat_xact_all_tables WHERE relname ~ $1',
      [`^${table}(_|$)`],
    );
    return rows[0]?.rows ?? 0;
  } finally {
    await owner.query('ROLLBACK');
  }
}

describe('rows that can not be written, and not because they are there already', () => {
  test('events with the id of another one were tried a hundred times', async () => {
    const [kept] = await database.events.insert(world.tenantId, [newEvent()]);
    const texts = [kept?.id, 'another-source', 'another-id', 'cart.updated', null, '{}', 'api', null];
    const values = [world.tenantId, texts, [null, null, null]];
    expect(await writtenInVain('events', 'SELECT * FROM accept_events($1, $2, $3)', values)).toBe(1);
  });

  test('runs that stand twice in one call were tried a hundred times', async () => {
    const execution = executionOf(world, newId('event'));
    const { targets, texts, figures, hashes, rests } = executionRows([execution, execution]);
    const values = [world.tenantId, [], [], [], null, targets, texts, figures, hashes, rests];
    const text = 'SELECT record_runs($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)';
    expect(await writtenInVain('executions', text, values)).toBe(2);
  });
});

describe('a commit of as many batches as may share one', () => {
  beforeAll(() =>
    owner.query(`
      CREATE TABLE subtransactions (count integer, overflowed boolean);
      CREATE FUNCTION note_subtransactions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO public.subtransactions SELECT s.subxact_count, s.subxact_overflowed
          FROM pg_stat_get_backend_idset() AS b (id), pg_stat_get_backend_subxact(b.id) AS s
          WHERE pg_stat_get_backend_pid(b.id) = pg_backend_pid();
        RETURN NULL;
      END $$;
      CREATE TRIGGER note AFTER INSERT ON audit_entries EXECUTE FUNCTION note_subtransactions()`),
  );

  test('made everybody look up whose its subtransactions were', async () => {
    const batches = Array.from({ length: batchesTogetherMax }, () => ({ executions: [executionOf(world)] }));
    const group = batches.map((batch) => ({ tenantId: world.tenantId, batch }));
    const recorded = await database.recorder.recordTogether(group);
    expect(recorded.flatMap((one) => one.recorded)).toHaveLength(batchesTogetherMax);
    const { rows } = await owner.query('SELECT count, overflowed FROM subtransactions');
    expect(rows).toEqual([{ count: batchesTogetherMax, overflowed: false }]);
    await expect(database.recorder.recordTogether([...group, ...group.slice(0, 1)])).rejects.toThrow(RangeError);
  });
});
