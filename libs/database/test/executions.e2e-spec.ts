import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { executionIdFor, type Id, newId } from '@tenon/contracts';
import type { Database, ExecutionFilter, ExecutionRecord } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import pg from 'pg';
import { createWorld, executionOf, failedExecutionOf, openTestDatabase, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let owner: pg.Client;
let database: Database;

beforeAll(async () => {
  server = await createTestDatabase();
  owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
  database = await openTestDatabase(server.url);
});

afterAll(async () => {
  await owner?.end();
  await database?.close();
  await server?.drop();
});

describe('lists of executions', () => {
  let world: TenantWorld;
  let runs: readonly ExecutionRecord[];

  beforeAll(async () => {
    world = await createWorld(database);
    const test = executionOf(world, undefined, { id: newId('execution'), kind: 'test' });
    runs = [executionOf(world), failedExecutionOf(world, { outcome: 'trap' }), executionOf(world), test];
    await database.recorder.record(world.tenantId, { executions: runs });
  });

  test.each<[string, () => ExecutionFilter, (run: ExecutionRecord) => boolean]>([
    ['nothing', () => ({}), () => true],
    ['a function', () => ({ functionName: world.functionName }), () => true],
    ['a function that does not exist', () => ({ functionName: 'nowhere' }), () => false],
    ['a version', () => ({ versionId: world.versionId }), () => true],
    ['an outcome', () => ({ outcomes: ['trap'] }), (run) => run.outcome === 'trap'],
    ['a kind', () => ({ kind: 'test' }), (run) => run.kind === 'test'],
    ['an event', () => ({ eventId: runs[2]?.eventId }), (run) => run.eventId === runs[2]?.eventId],
    ['a time before', () => ({ to: new Date(0) }), () => false],
    ['a time since', () => ({ from: new Date(0), to: new Date('2100-01-01') }), () => true],
    [
      'several',
      () => ({ kind: 'event', outcomes: ['succeeded'] }),
      (run) => run.kind === 'event' && run.outcome === 'succeeded',
    ],
  ])('narrowed by %s show what fits, newest first', async (_what, filter, fits) => {
    const { items } = await database.executions.list(world.tenantId, { limit: 10, ...filter() });
    const expected = runs.filter(fits).map((run) => run.id);
    expect(items.map((item) => item.id)).toEqual(expected.sort().reverse());
  });

  test('run page by page without a gap or an overlap', async () => {
    const first = await database.executions.list(world.tenantId, { limit: 3 });
    const second = await database.executions.list(world.tenantId, { limit: 3, cursor: first.next });
    expect(second.next).toBeUndefined();
    const ids = [...first.items, ...second.items].map((item) => item.id);
    expect(ids).toEqual(
      runs
        .map((run) => run.id)
        .sort()
        .reverse(),
    );
  });
});

describe('daily partitions', () => {
  /** An event's id says when it was accepted; its executions begin with the same time. */
  const executionAt = (world: TenantWorld, time: Date) => {
    const eventId: Id<'event'> = newId('event', time.getTime());
    return executionOf(world, eventId, { id: executionIdFor(eventId, world.functionId, 1) });
  };

  async function partitionOf(id: string): Promise<string> {
    const { rows } = await owner.query('SELECT tableoid::regclass::text AS name FROM executions WHERE id = $1', [id]);
    return rows[0].name;
  }

  const dayOf = (time: Date) => time.toISOString().slice(0, 10).replaceAll('-', '');

  test('a run lands in the partition of the day (UTC) of its event, to the millisecond', async () => {
    const world = await createWorld(database);
    await database.maintenance.ensureExecutionPartitions();
    const midnight = new Date();
    midnight.setUTCHours(24, 0, 0, 0);
    const before = new Date(midnight.getTime() - 1);
    const runs = [executionAt(world, before), executionAt(world, midnight)];
    await database.recorder.record(world.tenantId, { executions: runs });
    const [yesterday, today] = runs.map((run) => run.id);
    expect(await partitionOf(yesterday ?? '')).toBe(`executions_${dayOf(before)}`);
    expect(await partitionOf(today ?? '')).toBe(`executions_${dayOf(midnight)}`);
  });

  test('a run of a day without a partition is kept all the same, once, and found', async () => {
    const world = await createWorld(database);
    const run = executionAt(world, new Date('2020-02-29T12:00:00Z'));
    await database.recorder.record(world.tenantId, { executions: [run] });
    const again = await database.recorder.record(world.tenantId, { executions: [run] });
    expect(again.recorded).toEqual([]);
    expect(await partitionOf(run.id)).toBe('executions_default');
    expect((await database.executions.find(world.tenantId, run.id))?.id).toBe(run.id);
  });

  test('asking for partitions again makes none, and a day that has rows already is passed over', async () => {
    const world = await createWorld(database);
    await database.maintenance.ensureExecutionPartitions(20);
    expect(await database.maintenance.ensureExecutionPartitions(20)).toBe(0);
    const day = new Date(Date.now() + 22 * 86_400_000);
    await database.recorder.record(world.tenantId, { executions: [executionAt(world, day)] });
    expect(await database.maintenance.ensureExecutionPartitions(23)).toBe(2);
    const { rows } = await owner.query('SELECT to_regclass($1) AS there', [`executions_${dayOf(day)}`]);
    expect(rows).toEqual([{ there: null }]);
  });

  test('the time in an id is written the same way by Postgres and by us', async () => {
    for (const ms of [1, 1_700_000_000_123, Date.now(), 2 ** 48 - 1]) {
      const { rows } = await owner.query('SELECT ulid_time(to_timestamp($1::numeric / 1000)) AS text', [ms]);
      expect(rows[0].text).toBe(newId('event', ms).slice(4, 14));
    }
  });

  test('a look-up by id reads one partition', async () => {
    const world = await createWorld(database);
    const text = 'EXPLAIN (FORMAT JSON) SELECT * FROM executions WHERE tenant_id = $1 AND id = $2';
    const { rows } = await owner.query(text, [world.tenantId, executionOf(world).id]);
    expect(JSON.stringify(rows).match(/executions_(\d{8}|default)"/g)).toHaveLength(1);
  });
});
