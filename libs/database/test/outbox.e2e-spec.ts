import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { executionIdFor, type Id, newId } from '@tenon/contracts';
import type { Database, ExecutionRecord, NewEvent } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import fc from 'fast-check';
import pg from 'pg';
import {
  createWorld,
  executionOf,
  newEvent,
  openTestDatabase,
  pointTerms,
  randomHex,
  readyBuild,
  type TenantWorld,
} from './fixture.js';

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
  await owner.query('DELETE FROM events; DELETE FROM event_work');
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
    expect(await ready()).toHaveLength(2);
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

  test('a held event does not ask to be run until it is released', async () => {
    const [held] = await database.events.insert(world.tenantId, [newEvent({ held: 'over quota' })]);
    if (held === undefined) throw new Error('no event');
    expect(await ready()).toEqual([]);
    expect(await statusOf(held.id)).toEqual(['held', 'over quota']);
    expect(await database.eventWork.release(world.tenantId, { ids: [held.id] })).toMatchObject([{ id: held.id }]);
    expect(await database.eventWork.release(world.tenantId, { ids: [held.id] })).toEqual([]);
    expect(await ready()).toEqual([held.id]);
    expect(await statusOf(held.id)).toEqual(['ready', null]);
  });

  test('held events are released oldest first, by what they are and why they are held', async () => {
    const held = (reason: string, type: string) => newEvent({ held: reason, type });
    const accepted = await database.events.insert(world.tenantId, [
      held('quota', 'cart.updated'),
      held('quota', 'order.created'),
      held('paused', 'cart.updated'),
      held('quota', 'cart.updated'),
    ]);
    const ids = accepted.map(({ id }) => id);
    const filter = { type: 'cart.updated', reason: 'quota' };
    expect(await database.eventWork.release(world.tenantId, { filter, limit: 1 })).toMatchObject([{ id: ids[0] }]);
    expect(await database.eventWork.release(world.tenantId, { filter, limit: 9 })).toMatchObject([{ id: ids[3] }]);
    expect(await ready()).toEqual([ids[0], ids[3]]);
  });

  test('an event with a time of its own and a priority keeps both', async () => {
    const notBefore = new Date(Date.now() + 60_000);
    const [delayed] = await database.events.insert(world.tenantId, [newEvent({ notBefore, priority: 9 })]);
    if (delayed === undefined) throw new Error('no event');
    const [event] = await database.events.load(world.tenantId, [delayed.id]);
    expect(event).toMatchObject({ status: 'delayed', notBefore, priority: 9 });
    expect(await database.outbox.readyAfter('', 0, 10)).toMatchObject([{ id: delayed.id, notBefore, priority: 9 }]);
  });
});

const ready = async () => (await database.outbox.readyAfter('', -1_000, 1_000)).map(({ id }) => id);

async function statusOf(id: Id<'event'>): Promise<readonly [string | undefined, string | null | undefined]> {
  const [event] = await database.events.load(world.tenantId, [id]);
  return [event?.status, event?.note];
}

describe('what is left to do', () => {
  test('is read in the order in which the events came, part by part', async () => {
    const accepted = await accept(100);
    const first = await database.outbox.readyAfter('', -1_000, 60);
    const rest = await database.outbox.readyAfter(first.at(-1)?.id ?? '', -1_000, 60);
    expect([...first, ...rest].map(({ id }) => id)).toEqual(accepted.map(({ id }) => id));
    const newest = await database.outbox.newestReady(-1_000, 2);
    expect(newest.map(({ id }) => id)).toEqual([accepted[99]?.id, accepted[98]?.id]);
  });

  test('says nothing of an event that came just now, because its own offer is under way', async () => {
    await accept(1);
    expect(await database.outbox.readyAfter('', 60_000, 10)).toEqual([]);
    expect(await database.outbox.newestReady(60_000, 10)).toEqual([]);
  });

  test('is gone once the event is recorded, and its note stays', async () => {
    const [event] = await accept(1);
    if (event === undefined) throw new Error('no event');
    const doneEvents = [{ id: event.id, note: 'no live function' }];
    await database.recorder.record(world.tenantId, { executions: [], doneEvents });
    expect(await ready()).toEqual([]);
    expect((await database.eventWork.load(world.tenantId, [event.id])).events).toEqual([]);
    expect(await statusOf(event.id)).toEqual(['done', 'no live function']);
  });

  test('of a cancelled event is nothing, and a run that was under way leaves no record', async () => {
    const [event] = await accept(1);
    if (event === undefined) throw new Error('no event');
    expect(await database.eventWork.cancel(world.tenantId, [event.id])).toEqual([{ id: event.id, status: 'ready' }]);
    expect(await database.eventWork.cancel(world.tenantId, [event.id])).toEqual([]);
    const executions = [executionOf(world, event.id)];
    const late = await database.recorder.record(world.tenantId, { executions, doneEvents: [{ id: event.id }] });
    expect(late.recorded).toEqual([]);
    expect(await statusOf(event.id)).toEqual(['cancelled', null]);
    expect((await database.executions.list(world.tenantId, { limit: 9, eventId: event.id })).items).toEqual([]);
  });

  test('of an event that is recorded in several commits is asked for in each: a part was written after its end', async () => {
    const [event] = await accept(1);
    if (event === undefined) throw new Error('no event');
    const unchanged = { id: event.id, attempts: 0, attemptsNow: 0, failures: 0, status: 'ready' } as const;
    const parts = [0, 1].map((place) => [
      { ...executionOf(world, event.id), id: executionIdFor(event.id, newId('function'), 1 + place) },
    ]);
    const recordAhead = (executions: readonly ExecutionRecord[] = []) =>
      database.recorder.record(world.tenantId, {
        executions,
        againEvents: [{ ...unchanged, reason: 'recorded in part' }],
      });
    expect((await recordAhead(parts[0])).recorded).toHaveLength(1);
    expect(await database.eventWork.cancel(world.tenantId, [event.id])).toEqual([{ id: event.id, status: 'ready' }]);
    expect((await recordAhead(parts[1])).recorded).toEqual([]);
    expect(await statusOf(event.id)).toEqual(['cancelled', 'recorded in part']);
  });

  test('of an event that comes again is moved on once, whoever else ran it meanwhile', async () => {
    const [event] = await accept(1);
    if (event === undefined) throw new Error('no event');
    const again = { id: event.id, attempts: 0, attemptsNow: 1, failures: 0, status: 'ready', reason: 'late' } as const;
    const execution = executionOf(world, event.id, { outcome: 'deadline' });
    const first = await database.recorder.record(world.tenantId, { executions: [execution], againEvents: [again] });
    expect(first.recorded).toEqual([execution.id]);
    // The same job once more, and one that had read the event before it was moved on.
    const second = await database.recorder.record(world.tenantId, { executions: [execution], againEvents: [again] });
    expect(second.recorded).toEqual([]);
    await database.recorder.record(world.tenantId, { executions: [], doneEvents: [{ id: event.id, attempts: 0 }] });
    const { events } = await database.eventWork.load(world.tenantId, [event.id]);
    expect(events).toMatchObject([{ id: event.id, attempts: 1, failures: 0 }]);
  });

  test('of a dead event can be revived, or given up', async () => {
    const [one, two] = await accept(2);
    if (one === undefined || two === undefined) throw new Error('no events');
    const dead = { attempts: 0, attemptsNow: 3, failures: 0, status: 'dead', reason: 'deadline' } as const;
    const againEvents = [one, two].map(({ id }) => ({ ...dead, id }));
    await database.recorder.record(world.tenantId, { executions: [], againEvents });
    expect(await ready()).toEqual([]);
    expect((await database.events.list(world.tenantId, { limit: 9, status: 'dead' })).items).toHaveLength(2);
    expect(await database.eventWork.revive(world.tenantId, { ids: [one.id] })).toMatchObject([{ id: one.id }]);
    expect(await database.eventWork.discard(world.tenantId, { filter: {}, limit: 9 })).toBe(1);
    expect(await ready()).toEqual([one.id]);
    expect([await statusOf(one.id), await statusOf(two.id)]).toEqual([
      ['ready', null],
      ['discarded', 'deadline'],
    ]);
  });
});

test('the number of what is live moves with every change that decides what runs, and not without one', async () => {
  const generation = async () => (await database.eventWork.load(world.tenantId, [])).generation;
  const before = await generation();
  await accept(1);
  expect(await generation()).toBe(before);
  const seen = new Set([before]);
  const moved = async (change: Promise<unknown>) => {
    await change;
    const now = await generation();
    expect(seen.has(now)).toBe(false);
    seen.add(now);
  };
  await moved(
    database.withTenant(world.tenantId, async (tx) => {
      const version = await tx.versions.create({ functionId: world.functionId, sha256: randomHex(), bytes: 8 });
      await tx.versions.finishBuild(version.id, readyBuild());
      await tx.deployments.activate(world.functionId, version.id, 'key_test');
    }),
  );
  await moved(database.withTenant(world.tenantId, (tx) => tx.deployments.rollback(world.functionId, 'key_test')));
  await moved(database.asOperator((tx) => tx.extensionPoints.put('cart.discounts', pointTerms)));
  const other = await createWorld(database, 'Other');
  expect(other.tenantId).not.toBe(world.tenantId);
  expect(seen.has(await generation())).toBe(true);
});
