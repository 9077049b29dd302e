import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import type { DispatchedBatch, FairQueue, WaitingEvent } from '@tenon/queue';
import { waitFor } from '@tenon/testing';
import { createFairWorld, drain, eventsOf, type FairWorld } from './fair-world.js';

let world: FairWorld;
const idsOf = (events: readonly WaitingEvent[]) => events.map(({ id }) => id);
const room = { jobsMax: 1, eventsMax: 10 } as const;
/** Estimates don't limit batches where a test is about something else. */
const cheap = { eventCostGuess: 10_000 } as const;

beforeAll(async () => {
  world = await createFairWorld();
});
afterAll(() => world.close());

describe('a line of one tenant', () => {
  it('gives every event once, in the order in which they came', async () => {
    const { queue } = world.open(cheap);
    const events = eventsOf(newId('tenant'), 25);
    await queue.offer(events.toReversed());
    const batches = await drain(queue, { jobsMax: 2, eventsMax: 10 });
    expect(batches.flatMap((batch) => batch.eventIds)).toEqual(idsOf(events));
    expect(await queue.stats()).toEqual({ waiting: 0, inHand: 0, tenants: 0 });
  });

  it('does not take an event twice: waiting, in hand or delayed', async () => {
    const { queue } = world.open(cheap);
    const tenantId = newId('tenant');
    const events = eventsOf(tenantId, 5);
    const [delayed] = eventsOf(tenantId, 1, { notBeforeMs: Date.now() + 60_000 });
    await queue.offer([...events, ...events]);
    for (const again of [delayed, delayed && { id: delayed.id, tenantId }]) await queue.offer(again ? [again] : []);
    expect((await queue.stats()).waiting).toBe(6);
    const [batch] = await queue.dispatch(room);
    await queue.offer(events);
    await queue.offer(events.map((event) => ({ ...event, notBeforeMs: Date.now() + 1_000 })));
    expect(await queue.stats()).toEqual({ waiting: 1, inHand: 5, tenants: 0 });
    expect(await queue.dispatch(room)).toEqual([]);
    expect(batch?.eventIds).toEqual(idsOf(events));
  });

  it('takes an event again after it was settled', async () => {
    const { queue } = world.open();
    const events = eventsOf(newId('tenant'), 1);
    await queue.offer(events);
    await drain(queue, room);
    await queue.offer(events);
    expect(await drain(queue, room)).toHaveLength(1);
  });

  it('holds back what is not due, and gives it when it is', async () => {
    const { queue } = world.open();
    const tenantId = newId('tenant');
    const [event] = eventsOf(tenantId, 1, { notBeforeMs: Date.now() + 80 });
    const [later] = eventsOf(tenantId, 1, { notBeforeMs: Date.now() + 3_600_000 });
    if (event === undefined || later === undefined) throw new Error('no events');
    await queue.offer([event, later]);
    let batches: readonly DispatchedBatch[] = [];
    await waitFor('the event to be due', async () => {
      batches = await queue.dispatch(room);
      return batches.length > 0;
    });
    expect(batches.map(({ eventIds }) => eventIds)).toEqual([[event.id]]);
    expect(Date.now()).toBeGreaterThanOrEqual(event.notBeforeMs ?? Number.POSITIVE_INFINITY);
    expect(await queue.dispatch(room)).toEqual([]);
  });

  it('prefers a higher priority, but only for as long as a step of priority is worth', async () => {
    const { queue } = world.open({ ...cheap, agingMs: 100 });
    const tenantId = newId('tenant');
    const at = (ms: number, priority: number): WaitingEvent => ({
      id: newId('event', 1_700_000_000_000 + ms),
      tenantId,
      priority,
    });
    const low = at(0, 0);
    const high = at(899, 9);
    const tooLate = at(901, 9);
    await queue.offer([tooLate, low, high]);
    const batches = await drain(queue, room);
    expect(batches.flatMap((batch) => batch.eventIds)).toEqual(idsOf([high, low, tooLate]));
  });

  it('does not make an event wait because the clock of whoever made its id is ahead', async () => {
    const { queue } = world.open(cheap);
    const tenantId = newId('tenant');
    const ahead: WaitingEvent = { id: newId('event', Date.now() + 3_600_000), tenantId };
    await queue.offer([ahead]);
    const came = Date.now();
    await waitFor('the next millisecond', () => Date.now() > came + 1);
    const later: WaitingEvent = { id: newId('event', Date.now() + 7_200_000), tenantId };
    await queue.offer([later]);
    expect((await drain(queue, room)).flatMap((batch) => batch.eventIds)).toEqual(idsOf([ahead, later]));
  });

  it('takes cancelled events out of the line, and leaves those in hand', async () => {
    const { queue } = world.open(cheap);
    const tenantId = newId('tenant');
    const inHand = eventsOf(tenantId, 3);
    await queue.offer(inHand);
    await queue.dispatch(room);
    const waiting = eventsOf(tenantId, 4);
    const delayed = eventsOf(tenantId, 2, { notBeforeMs: Date.now() + 60_000 });
    await queue.offer([...waiting, ...delayed]);
    expect(await queue.remove([...inHand, ...waiting, ...delayed, ...eventsOf(tenantId, 1)])).toBe(6);
    expect(await queue.stats()).toEqual({ waiting: 0, inHand: 3, tenants: 0 });
    expect(await queue.dispatch(room)).toEqual([]);
  });
});

describe('a job', () => {
  it('is settled once, whoever settles it and however often', async () => {
    const { queue } = world.open(cheap);
    const tenantId = newId('tenant');
    await queue.offer(eventsOf(tenantId, 3));
    const [batch] = await queue.dispatch(room);
    await queue.settle(batch?.jobId ?? '', newId('tenant'), 1);
    expect((await queue.stats()).inHand).toBe(3);
    await queue.settle(batch?.jobId ?? '', tenantId, 1);
    await queue.settle(batch?.jobId ?? '', tenantId, 1);
    expect(await queue.stats()).toEqual({ waiting: 0, inHand: 0, tenants: 0 });
  });

  it('may hand events back, now and later, even where Redis has forgotten it', async () => {
    const { queue } = world.open(cheap);
    const tenantId = newId('tenant');
    const events = eventsOf(tenantId, 4);
    await queue.offer(events);
    const [batch] = await queue.dispatch(room);
    const [now, later] = [events.slice(0, 1), events.slice(1, 2)];
    const again = [...now, ...later.map((event) => ({ ...event, notBeforeMs: Date.now() + 60_000 }))];
    await queue.settle(batch?.jobId ?? '', tenantId, 1, again);
    expect(await queue.stats()).toEqual({ waiting: 2, inHand: 0, tenants: 1 });
    await queue.settle('f0', tenantId, 1, eventsOf(tenantId, 1));
    expect(await queue.stats()).toEqual({ waiting: 3, inHand: 0, tenants: 1 });
  });

  it('is shown to one asker when its lease has run out, and not while it is renewed', async () => {
    const { queue, redis, root } = world.open({ ...cheap, leaseMs: 60_000 });
    const tenantId = newId('tenant');
    await queue.offer(eventsOf(tenantId, 2));
    const [batch] = await queue.dispatch(room);
    expect(await queue.expired(10)).toEqual([]);
    const endLease = () => redis.zadd(`${root}:leases`, 'XX', 1, batch?.jobId ?? '');
    await endLease();
    await queue.renew([batch?.jobId ?? '', 'f0']);
    expect(await queue.expired(10)).toEqual([]);
    await endLease();
    expect(await queue.expired(10)).toEqual([batch]);
    expect(await queue.expired(10)).toEqual([]);
  });

  it('has an id that is never given out again, even by a Redis that forgot everything', async () => {
    const { queue, redis, keys } = world.open(cheap);
    const seen = new Set<string>();
    for (let round = 0; round < 5; round += 1) {
      await queue.offer(eventsOf(newId('tenant'), 10));
      for (const batch of await queue.dispatch({ jobsMax: 5, eventsMax: 2 })) seen.add(batch.jobId);
      await redis.del(...(await keys()));
    }
    expect(seen.size).toBe(25);
  });
});

describe('a cap', () => {
  it('is never passed, and a place that gets free is used', async () => {
    const { queue } = world.open(cheap);
    const tenantId = newId('tenant');
    await queue.setTenant(tenantId, { weight: 1, concurrencyMax: 7 });
    await queue.offer(eventsOf(tenantId, 20));
    const batches = await queue.dispatch({ jobsMax: 10, eventsMax: 3 });
    expect(batches.map((batch) => batch.eventIds.length)).toEqual([3, 3, 1]);
    expect(await queue.dispatch({ jobsMax: 10, eventsMax: 3 })).toEqual([]);
    expect(await queue.stats()).toEqual({ waiting: 13, inHand: 7, tenants: 1 });
    await queue.settle(batches[2]?.jobId ?? '', tenantId, 1);
    expect((await queue.dispatch({ jobsMax: 10, eventsMax: 3 })).map((batch) => batch.eventIds.length)).toEqual([1]);
  });

  it('below one batch is used in full', async () => {
    const { queue } = world.open(cheap);
    const tenantId = newId('tenant');
    await queue.setTenant(tenantId, { weight: 1, concurrencyMax: 1 });
    await queue.offer(eventsOf(tenantId, 3));
    expect(await drain(queue, { jobsMax: 4, eventsMax: 50 })).toHaveLength(3);
  });

  it('may be raised and lowered while jobs are under way', async () => {
    const { queue } = world.open(cheap);
    const tenantId = newId('tenant');
    await queue.setTenant(tenantId, { weight: 1, concurrencyMax: 2 });
    await queue.offer(eventsOf(tenantId, 20));
    await queue.dispatch(room);
    await queue.setTenant(tenantId, { weight: 1, concurrencyMax: 5 });
    expect((await queue.dispatch(room))[0]?.eventIds).toHaveLength(3);
    await queue.setTenant(tenantId, { weight: 1, concurrencyMax: 1 });
    expect(await queue.dispatch(room)).toEqual([]);
  });

  it('of one tenant does not hold up another', async () => {
    const { queue } = world.open(cheap);
    const [capped, other] = [newId('tenant'), newId('tenant')];
    await queue.setTenant(capped, { weight: 1_000, concurrencyMax: 1 });
    await queue.offer([...eventsOf(capped, 50), ...eventsOf(other, 5)]);
    const batches = await queue.dispatch({ jobsMax: 10, eventsMax: 5 });
    expect(new Set(batches.map((batch) => batch.tenantId))).toEqual(new Set([capped, other]));
    expect(batches).toHaveLength(2);
  });
});

describe('a tenant that is erased', () => {
  it('leaves nothing behind, once its last job is settled', async () => {
    const { queue, keys } = world.open(cheap);
    const tenantId = newId('tenant');
    await queue.setTenant(tenantId, { weight: 2, concurrencyMax: 5 });
    await queue.offer([...eventsOf(tenantId, 8), ...eventsOf(tenantId, 2, { notBeforeMs: Date.now() + 60_000 })]);
    const [batch] = await queue.dispatch({ jobsMax: 1, eventsMax: 3 });
    await queue.forgetTenant(tenantId);
    expect(await queue.stats()).toEqual({ waiting: 0, inHand: 3, tenants: 0 });
    await queue.settle(batch?.jobId ?? '', tenantId, undefined);
    expect((await keys()).filter((key) => !key.endsWith(':state'))).toEqual([]);
  });
});

describe('bad arguments', () => {
  const tenantId = newId('tenant');
  const [event] = eventsOf(tenantId, 1);
  const offered: Array<Partial<WaitingEvent>> = [
    { priority: 10 },
    { priority: -1 },
    { priority: 0.5 },
    { priority: Number.NaN },
    { notBeforeMs: Number.NaN },
    { notBeforeMs: Number.POSITIVE_INFINITY },
    { notBeforeMs: -1 },
    { id: 'evt_short' },
    { id: newId('tenant') as string as Id<'event'> },
  ];
  it.each(offered)('refuses the event %j before Redis is asked', async (fault) => {
    const { queue } = world.open();
    await expect(queue.offer(event === undefined ? [] : [{ ...event, ...fault }])).rejects.toThrow(RangeError);
    expect((await queue.stats()).waiting).toBe(0);
  });

  it.each([
    { weight: 0, concurrencyMax: 1 },
    { weight: -1, concurrencyMax: 1 },
    { weight: Number.NaN, concurrencyMax: 1 },
    { weight: 1e9, concurrencyMax: 1 },
    { weight: 1, concurrencyMax: 0 },
    { weight: 1, concurrencyMax: 1.5 },
  ])('refuses the share %j', async (share) => {
    await expect(world.open().queue.setTenant(tenantId, share)).rejects.toThrow(RangeError);
  });

  const costs = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 1e300, 0];
  it.each(costs)('survives the cost %p', async (cost) => {
    const { queue } = world.open(cheap);
    const [odd, other] = [newId('tenant'), newId('tenant')];
    await queue.offer([...eventsOf(odd, 4), ...eventsOf(other, 4)]);
    const batches = await drain(queue, { jobsMax: 1, eventsMax: 1 }, ({ tenantId: of }) => (of === odd ? cost : 1));
    expect(batches).toHaveLength(8);
    expect(await queue.stats()).toEqual({ waiting: 0, inHand: 0, tenants: 0 });
  });

  it('beyond the room for events serves only whoever is next with nothing in hand, and little of it', async () => {
    const { queue } = world.open({ ...cheap, newcomerEventsMax: 2 });
    const [loud, quiet] = [newId('tenant'), newId('tenant')];
    await queue.offer(eventsOf(loud, 100));
    const flood = await queue.dispatch({ jobsMax: 8, eventsMax: 10, eventsRoom: 25 });
    expect(flood.map(({ eventIds }) => eventIds.length)).toEqual([10, 10, 10]);
    expect(await queue.dispatch({ jobsMax: 8, eventsMax: 10, eventsRoom: -5 })).toEqual([]);
    await queue.offer(eventsOf(quiet, 5));
    const full = await queue.dispatch({ jobsMax: 8, eventsMax: 10, eventsRoom: -5 });
    expect(full.map(({ tenantId, eventIds }) => [tenantId, eventIds.length])).toEqual([[quiet, 2]]);
    expect(await queue.dispatch({ jobsMax: 8, eventsMax: 10, eventsRoom: 0 })).toEqual([]);
  });

  it('dispatches nothing into no room', async () => {
    const { queue } = world.open(cheap);
    await queue.offer(eventsOf(tenantId, 1));
    for (const none of [0, -1, Number.NaN]) {
      expect(await queue.dispatch({ jobsMax: none, eventsMax: 1 })).toEqual([]);
      expect(await queue.dispatch({ jobsMax: 1, eventsMax: none })).toEqual([]);
    }
  });
});

describe('a Redis that lost everything', () => {
  it('is filled again by offering, and settles what it does not know without harm', async () => {
    const { queue, redis, keys } = world.open(cheap);
    const tenantId = newId('tenant');
    const events = eventsOf(tenantId, 6);
    await queue.offer(events);
    const [before] = await queue.dispatch({ jobsMax: 1, eventsMax: 3 });
    await redis.del(...(await keys()));
    await queue.offer(events);
    await queue.settle(before?.jobId ?? '', tenantId, 5);
    expect(await queue.stats()).toEqual({ waiting: 6, inHand: 0, tenants: 1 });
    expect((await drain(queue, room)).flatMap((batch) => batch.eventIds)).toEqual(idsOf(events));
  });

  it('also knows its scripts again', async () => {
    const { queue, redis } = world.open(cheap);
    await queue.offer(eventsOf(newId('tenant'), 1));
    await redis.script('FLUSH');
    expect(await drain(queue, room)).toHaveLength(1);
  });
});

describe('without Redis', () => {
  it('fails within seconds instead of waiting for ever', async () => {
    const { openFairQueue } = await import('@tenon/queue');
    const queue: FairQueue = openFairQueue({ redisUrl: 'redis://127.0.0.1:1', prefix: 'nowhere' });
    await expect(queue.offer(eventsOf(newId('tenant'), 1))).rejects.toThrow();
    await queue.close();
  });
});
