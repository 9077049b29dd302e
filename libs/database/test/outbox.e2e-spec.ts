import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database, NewEvent } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import fc from 'fast-check';
import pg from 'pg';
import { createWorld, newEvent, openTestDatabase, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let owner: pg.Client;
let database: Database;
let world: TenantWorld;

beforeAll(async () => {
  server = await createTestDatabase();
  owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
  database = await openTestDatabase(server.url);
  world = await createWorld(database);
});

beforeEach(async () => {
  await owner.query('DELETE FROM events');
});

afterAll(async () => {
  await owner?.end();
  await database?.close();
  await server?.drop();
});

const accept = (count: number) =>
  database.events.insert(
    world.tenantId,
    Array.from({ length: count }, () => newEvent()),
  );

describe('accepting events', () => {
  test('an event that was sent before has the id that it got then', async () => {
    const event = newEvent();
    const [first] = await database.events.insert(world.tenantId, [event]);
    const [fresh, again] = await database.events.insert(world.tenantId, [newEvent(), event]);
    expect(again).toEqual({ id: first?.id, duplicate: true });
    expect(fresh).toMatchObject({ duplicate: false });
  });

  test('the same event twice in one batch is kept once, and both answers name it', async () => {
    const event = newEvent();
    const answers = await database.events.insert(world.tenantId, [event, newEvent(), event]);
    expect(answers[0]?.id).toBe(answers[2]?.id);
    expect(answers.map((answer) => answer.duplicate).sort()).toEqual([false, false, true]);
    expect(await database.outbox.claimReady(10, 1_000)).toHaveLength(2);
  });

  test('many callers at once with the same events agree on their ids and never lock each other out', async () => {
    const events = Array.from({ length: 50 }, () => newEvent());
    const shuffled = (caller: number) => events.map((_, place) => (place * 7 + caller * 13) % events.length);
    const answers = await Promise.all(
      [0, 1, 2, 3].map(async (caller) => {
        const order = shuffled(caller);
        const batch = order.flatMap((place) => events[place] ?? []);
        const accepted = await database.events.insert(world.tenantId, batch);
        return new Map(order.map((place, at) => [place, accepted[at]]));
      }),
    );
    for (const place of events.keys()) {
      const told = answers.map((answer) => answer.get(place));
      expect(new Set(told.map((event) => event?.id)).size).toBe(1);
      expect(told.filter((event) => event?.duplicate === false)).toHaveLength(1);
    }
  });

  test('whatever is offered, in whatever batches, each source and id is kept once with its data as written', async () => {
    const offered = fc.record({
      source: fc.constantFrom('/a', '/b'),
      sourceEventId: fc.constantFrom('1', '2', '3'),
      data: fc.json(),
      subject: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(offered, { maxLength: 6 }), { maxLength: 4 }),
        fc.uuid(),
        async (batches, run) => {
          const first = new Map<string, { id: string; data: string }>();
          for (const batch of batches) {
            const events: NewEvent[] = batch.map((event) => newEvent({ ...event, source: `${run}${event.source}` }));
            const answers = await database.events.insert(world.tenantId, events);
            expect(answers).toHaveLength(events.length);
            for (const [place, { source, sourceEventId, data }] of events.entries()) {
              const id = answers[place]?.id ?? '';
              const key = `${source} ${sourceEventId}`;
              const known = first.get(key) ?? { id, data };
              first.set(key, known);
              expect(id).toBe(known.id);
            }
          }
          await expectKept(first);
        },
      ),
      { numRuns: 25 },
    );
  });

  async function expectKept(first: ReadonlyMap<string, { id: string; data: string }>): Promise<void> {
    const kept = await database.events.load(
      world.tenantId,
      [...first.values()].map((event) => event.id as `evt_${string}`),
    );
    expect(new Map(kept.map((event) => [`${event.source} ${event.sourceEventId}`, event.id]))).toEqual(
      new Map([...first].map(([key, event]) => [key, event.id])),
    );
  }

  test('data comes back character for character: order of members, digits and escapes', async () => {
    const data = '{"b":1.10,"a":12345678901234567890,"b":"\\u0000\\ud83c"}';
    const [accepted] = await database.events.insert(world.tenantId, [newEvent({ data })]);
    const [kept] = await database.events.load(world.tenantId, accepted === undefined ? [] : [accepted.id]);
    expect(kept?.data).toBe(data);
  });

  test('a held event is not claimed until it is released', async () => {
    const [held] = await database.events.insert(world.tenantId, [newEvent({ held: 'over quota' })]);
    expect(await database.outbox.claimReady(10, 1_000)).toEqual([]);
    if (held === undefined) throw new Error('no event');
    expect(await database.events.release(world.tenantId, [held.id])).toBe(1);
    expect(await database.outbox.claimReady(10, 1_000)).toMatchObject([{ id: held.id, tenantId: world.tenantId }]);
  });
});

describe('claiming events', () => {
  test('events of one batch are claimed in the order of the batch', async () => {
    const accepted = await accept(100);
    const claimed = await database.outbox.claimReady(100, 60_000);
    expect(claimed.map((event) => event.id)).toEqual(accepted.map((event) => event.id));
  });

  test('relays that work at once share the events and give none out twice', async () => {
    const accepted = await accept(200);
    const claims = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(() => database.outbox.claimReady(50, 60_000)));
    const rest = await database.outbox.claimReady(200, 60_000);
    const ids = [...claims.flat(), ...rest].map((event) => event.id);
    expect(ids.sort()).toEqual(accepted.map((event) => event.id).sort());
  });

  test('events whose lease ran out are ready again, and their attempts count up', async () => {
    await accept(3);
    await database.outbox.claimReady(2, 0);
    expect(await database.outbox.requeueStale(10)).toBe(2);
    const again = await database.outbox.claimReady(10, 60_000);
    expect(again.map((event) => event.attempts).sort()).toEqual([1, 2, 2]);
    expect(await database.outbox.requeueStale(10)).toBe(0);
  });

  test('a lease that was extended does not run out', async () => {
    await accept(1);
    const [claimed] = await database.outbox.claimReady(1, 0);
    if (claimed === undefined) throw new Error('nothing claimed');
    expect(await database.outbox.extendLease([claimed.id], 60_000)).toBe(1);
    expect(await database.outbox.requeueStale(10)).toBe(0);
  });

  test('events that could not be queued go back at once', async () => {
    await accept(1);
    const claimed = await database.outbox.claimReady(1, 60_000);
    expect(await database.outbox.unclaim(claimed.map((event) => event.id))).toBe(1);
    expect(await database.outbox.claimReady(1, 60_000)).toHaveLength(1);
  });

  test('an event that is done is never given out again', async () => {
    const [event] = await accept(1);
    if (event === undefined) throw new Error('no event');
    await database.outbox.claimReady(1, 0);
    const doneEvents = [{ id: event.id, note: 'no live function' }];
    await database.recorder.record(world.tenantId, { executions: [], doneEvents });
    expect(await database.outbox.requeueStale(10)).toBe(0);
    expect(await database.outbox.claimReady(10, 0)).toEqual([]);
    expect(await database.events.load(world.tenantId, [event.id])).toMatchObject([
      { status: 'done', note: 'no live function' },
    ]);
  });
});
