import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import pg from 'pg';
import { createWorld, executionOf, failedExecutionOf, newEvent, openTestDatabase } from './fixture.js';

let server: TestDatabase;
let database: Database;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
});

afterAll(async () => {
  await database?.close();
  await server?.drop();
});

const wholeDay = (): [Date, Date] => [new Date(Date.now() - 86_400_000), new Date(Date.now() + 86_400_000)];

describe('recording a micro-batch', () => {
  test('a job that runs twice records its executions, their usage and their audit entry once', async () => {
    const world = await createWorld(database);
    const accepted = await database.events.insert(world.tenantId, [newEvent(), newEvent()]);
    const ids = accepted.map((event) => event.id);
    const executions = ids.map((id) => executionOf(world, id));
    const batch = { executions, doneEvents: ids.map((id) => ({ id })) };

    const first = await database.recorder.record(world.tenantId, batch);
    const second = await database.recorder.record(world.tenantId, batch);

    expect([...first.recorded].sort()).toEqual(executions.map((execution) => execution.id).sort());
    expect(second.recorded).toEqual([]);
    const page = await database.executions.list(world.tenantId, { limit: 10 });
    expect(page.items).toHaveLength(2);
    const [used] = await database.usage.perFunction(world.tenantId, ...wholeDay());
    expect(used).toMatchObject({ executions: 2, succeeded: 2, instructions: 2_000, fuel: 2_200, cpuUs: 240 });
    const audit = await database.withTenant(world.tenantId, (tx) => tx.audit.list({ limit: 10 }));
    expect(audit.items.map((entry) => entry.action)).toEqual(['executions.recorded']);
    const events = await database.events.load(world.tenantId, ids);
    expect(events.map((event) => event.status)).toEqual(['done', 'done']);
  });

  test('a batch that was half recorded before adds the missing half only', async () => {
    const world = await createWorld(database);
    const [one, two] = [executionOf(world), failedExecutionOf(world, { outcome: 'trap' })];
    await database.recorder.record(world.tenantId, { executions: [one] });
    const { recorded } = await database.recorder.record(world.tenantId, { executions: [one, two] });
    expect(recorded).toEqual([two.id]);
    const [used] = await database.usage.perFunction(world.tenantId, ...wholeDay());
    expect(used).toMatchObject({ executions: 2, succeeded: 1, failedGuest: 1 });
  });

  test('the same execution twice in one batch is recorded and counted once', async () => {
    const world = await createWorld(database);
    const [one, two] = [executionOf(world), executionOf(world)];
    const { recorded } = await database.recorder.record(world.tenantId, { executions: [two, one, two] });
    expect([...recorded].sort()).toEqual([one.id, two.id].sort());
    expect((await database.usage.perFunction(world.tenantId, ...wholeDay()))[0]?.executions).toBe(2);
  });

  test('of batches that overlap and are recorded at the same time each execution is new in one', async () => {
    const world = await createWorld(database);
    const executions = Array.from({ length: 60 }, () => executionOf(world));
    const parts = Array.from({ length: 8 }, (_, place) => executions.slice(place * 5, place * 5 + 25));
    const recorded = await Promise.all(
      parts.map((part) => database.recorder.record(world.tenantId, { executions: part })),
    );
    const ids = [...new Set(parts.flat().map(({ id }) => id))].sort();
    expect(recorded.flatMap((one) => one.recorded).sort()).toEqual(ids);
    expect((await database.usage.perFunction(world.tenantId, ...wholeDay()))[0]?.executions).toBe(ids.length);
  });

  test('runs of several functions are written in the order of their ids, so that overlapping batches only wait', async () => {
    const world = await createWorld(database);
    const executions = Array.from({ length: 60 }, (_, place) =>
      executionOf(world, undefined, { attempt: 1 + (place % 7) }),
    );
    await database.recorder.record(world.tenantId, { executions });
    const owner = new pg.Client({ connectionString: server.ownerUrl });
    await owner.connect();
    const text = 'SELECT id FROM executions WHERE tenant_id = $1 ORDER BY tableoid, ctid';
    const { rows } = await owner.query<{ id: string }>(text, [world.tenantId]).finally(() => owner.end());
    expect(rows.map(({ id }) => id)).toEqual(executions.map(({ id }) => id).sort());
  });

  test('groups with the same runs of two tenants in opposite order wait for each other', async () => {
    const worlds = [await createWorld(database), await createWorld(database)];
    const rounds = 25;
    const outcomes: PromiseSettledResult<unknown>[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const group = worlds.map((world) => ({
        tenantId: world.tenantId,
        batch: { executions: Array.from({ length: 20 }, () => executionOf(world)) },
      }));
      const both = [group, group.toReversed()].map((one) => database.recorder.recordTogether(one));
      outcomes.push(...(await Promise.allSettled(both)));
    }
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    for (const world of worlds) {
      expect((await database.usage.perFunction(world.tenantId, ...wholeDay()))[0]?.executions).toBe(rounds * 20);
    }
  });

  test('a run of an event that somebody else has recorded is told from those that are new', async () => {
    const world = await createWorld(database);
    const accepted = await database.events.insert(world.tenantId, [newEvent(), newEvent(), newEvent()]);
    const [first, second, third] = accepted.map(({ id }) => executionOf(world, id));
    if (first === undefined || second === undefined || third === undefined) throw new Error('no events');
    const ids = accepted.map(({ id }) => id);
    await database.eventWork.cancel(world.tenantId, ids.slice(0, 1));
    await database.recorder.record(world.tenantId, { executions: [second] });
    const batch = { executions: [first, second, third], doneEvents: ids.map((id) => ({ id })) };
    expect(await database.recorder.record(world.tenantId, batch)).toEqual({ recorded: [third.id] });
  });

  test('a figure that is no integer is refused and not cut', async () => {
    const world = await createWorld(database);
    const executions = [executionOf(world), executionOf(world, undefined, { wallUs: 1.5 })];
    await expect(database.recorder.record(world.tenantId, { executions })).rejects.toThrow('does not fit a bigint');
    expect((await database.executions.list(world.tenantId, { limit: 10 })).items).toEqual([]);
  });

  test('usage is the same before and after it is rolled up, and rolling up again changes nothing', async () => {
    const world = await createWorld(database);
    for (let batch = 0; batch < 3; batch += 1) {
      await database.recorder.record(world.tenantId, { executions: [executionOf(world)] });
    }
    const before = await database.usage.perFunction(world.tenantId, ...wholeDay());
    expect(await database.maintenance.rollUpUsage(10_000, -60_000)).toBeGreaterThanOrEqual(3);
    expect(await database.usage.perFunction(world.tenantId, ...wholeDay())).toEqual(before);
    expect(await database.maintenance.rollUpUsage(10_000, -60_000)).toBe(0);
    expect(before[0]?.executions).toBe(3);
  });

  test('a commit that fails leaves nothing of any tenant, and its connection as good as new', async () => {
    // A connection that has prepared nothing, so that every statement behind the failure is prepared in vain.
    const fresh = await openTestDatabase(server.url);
    try {
      const [good, bad, last] = [await createWorld(database), await createWorld(database), await createWorld(database)];
      const runs = [executionOf(good), executionOf(bad, undefined, { inputSha256: 'ab' }), executionOf(last)];
      const group = [good, bad, last].map(({ tenantId }, place) => ({
        tenantId,
        batch: { executions: runs.slice(place, place + 1) },
      }));
      await expect(fresh.recorder.recordTogether(group)).rejects.toThrow('executions_input_sha256_check');
      for (const { tenantId } of group) {
        expect((await database.executions.list(tenantId, { limit: 10 })).items).toEqual([]);
      }
      const others = group.filter(({ tenantId }) => tenantId !== bad.tenantId);
      const recorded = await fresh.recorder.recordTogether(others);
      expect(recorded.map((one) => one.recorded.length)).toEqual([1, 1]);
      for (const { tenantId } of others) {
        expect((await database.usage.perFunction(tenantId, ...wholeDay()))[0]?.executions).toBe(1);
        const audit = await database.withTenant(tenantId, (tx) => tx.audit.list({ limit: 10 }));
        expect(audit.items.map(({ action }) => action)).toEqual(['executions.recorded']);
      }
    } finally {
      await fresh.close();
    }
  });

  test('where not even the beginning of a commit is understood, nothing that was sent behind it is kept', async () => {
    const fresh = await openTestDatabase(server.url);
    try {
      const good = await createWorld(database);
      // Postgres reads the statement up to the zero and refuses it, so no transaction begins and no tenant is named.
      const cutShort: typeof good.tenantId = `${good.tenantId}\u0000`;
      const group = [good.tenantId, cutShort].map((tenantId) => ({
        tenantId,
        batch: { executions: [executionOf(good)] },
      }));
      await expect(fresh.recorder.recordTogether(group)).rejects.toThrow();
      expect((await database.executions.list(good.tenantId, { limit: 10 })).items).toEqual([]);
      const [recorded] = await fresh.recorder.recordTogether(group.slice(0, 1));
      expect(recorded?.recorded).toHaveLength(1);
    } finally {
      await fresh.close();
    }
  });

  test('what a guest wrote is kept even where Postgres has no character for it', async () => {
    const world = await createWorld(database);
    const execution = executionOf(world, undefined, {
      log: 'a\u0000b\ud800c',
      output: '{"escaped":"\\u0000"}',
      guestError: 'nul \u0000',
      message: 'half \udc00',
      backtrace: [{ functionIndex: 3, functionName: 'f\u0000' }],
    });
    await database.recorder.record(world.tenantId, { executions: [execution] });
    const kept = await database.executions.find(world.tenantId, execution.id);
    expect(kept).toMatchObject({
      log: 'a\ufffdb\ufffdc',
      output: '{"escaped":"\\u0000"}',
      guestError: 'nul \ufffd',
      message: 'half \ufffd',
      backtrace: [{ functionIndex: 3, functionName: 'f\ufffd' }],
    });
  });

  test('pointers to members that Postgres has no character for do not keep their batch from being recorded', async () => {
    const world = await createWorld(database);
    const [event] = await database.events.insert(world.tenantId, [newEvent()]);
    if (event === undefined) throw new Error('no event');
    const execution = executionOf(world, event.id);
    const { functionId, functionName } = world;
    const step = { position: 1, functionId, functionName, executionId: execution.id, outcome: 'succeeded' } as const;
    const result = {
      eventId: event.id,
      extensionPoint: 'p',
      attempt: 1,
      combination: 'merge',
      outcome: 'succeeded',
    } as const;
    await database.recorder.record(world.tenantId, {
      executions: [execution],
      doneEvents: [{ id: event.id }],
      pointResults: [{ ...result, output: '{}', steps: [{ ...step, changed: ['/\u0000', '/\ud800'] }] }],
    });
    const [kept] = await database.events.results(world.tenantId, event.id);
    expect(kept?.steps[0]?.changed).toEqual(['/\ufffd', '/\ufffd']);
  });

  test('executions whose usage can not be told are not recorded without it', async () => {
    const world = await createWorld(database);
    const timeless = executionOf(world, undefined, { id: `exe_${'z'.repeat(26)}` });
    await expect(database.recorder.record(world.tenantId, { executions: [timeless] })).rejects.toThrow('an id');
    expect((await database.executions.list(world.tenantId, { limit: 10 })).items).toEqual([]);
    const good = executionOf(world);
    expect(await database.recorder.record(world.tenantId, { executions: [good] })).toEqual({ recorded: [good.id] });
  });

  test('everything about a run comes back as it was recorded', async () => {
    const world = await createWorld(database);
    const execution = failedExecutionOf(world, {
      outcome: 'memory_limit',
      exitCode: 4_294_967_295,
      limit: { name: 'memoryBytesMax', max: 10, actual: 11 },
      engine: 'test-1',
      instructionsUsed: 9_000_000_000,
      position: 2,
      inputSha256: 'a'.repeat(64),
      outputSha256: 'b'.repeat(64),
      outputPlace: 'storage',
      inputPlace: 'storage',
    });
    await database.recorder.record(world.tenantId, { executions: [execution] });
    const {
      output: _absent,
      guestError,
      backtrace,
      recordedAt,
      ...kept
    } = (await database.executions.find(world.tenantId, execution.id)) ?? {};
    const { output: _none, ...expected } = execution;
    expect(kept).toEqual({ ...expected, settingsId: null });
    expect([guestError, backtrace]).toEqual([null, null]);
    expect(recordedAt).toBeInstanceOf(Date);
  });
});
