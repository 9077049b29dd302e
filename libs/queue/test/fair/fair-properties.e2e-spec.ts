import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import type { DispatchedBatch, FairQueue, WaitingEvent } from '@tenon/queue';
import fc from 'fast-check';
import { createFairWorld, eventsOf, type FairWorld } from './fair-world.js';

let world: FairWorld;
beforeAll(async () => {
  world = await createFairWorld();
});
afterAll(() => world.close());

type Step =
  | { readonly do: 'offer'; readonly tenant: number; readonly count: number; readonly delayed: boolean }
  | { readonly do: 'offer again' }
  | { readonly do: 'dispatch'; readonly jobsMax: number; readonly eventsMax: number }
  | { readonly do: 'settle' | 'hand back' | 'settle twice'; readonly fuel: number }
  | { readonly do: 'lose the worker' }
  | { readonly do: 'cancel' }
  | { readonly do: 'set'; readonly tenant: number; readonly weight: number; readonly cap: number };

const tenant = fc.nat(3);
const fuel = fc.oneof(fc.nat(20_000_000), fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY));
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('offer' as const),
    tenant,
    count: fc.integer({ min: 1, max: 12 }),
    delayed: fc.boolean(),
  }),
  fc.record({ do: fc.constant('offer again' as const) }),
  fc.record({
    do: fc.constant('dispatch' as const),
    jobsMax: fc.integer({ min: 1, max: 4 }),
    eventsMax: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ do: fc.constantFrom('settle' as const, 'hand back' as const, 'settle twice' as const), fuel }),
  fc.record({ do: fc.constant('lose the worker' as const) }),
  fc.record({ do: fc.constant('cancel' as const) }),
  fc.record({
    do: fc.constant('set' as const),
    tenant,
    weight: fc.integer({ min: 1, max: 9 }),
    cap: fc.integer({ min: 1, max: 12 }),
  }),
);

/** What must be true of the queue, kept in plain memory beside it. */
class Model {
  readonly tenants = Array.from({ length: 4 }, () => newId('tenant'));
  readonly waiting = new Map<string, WaitingEvent>();
  readonly jobs = new Map<string, DispatchedBatch>();
  readonly caps = new Map<Id<'tenant'>, number>();
  settled = 0;
  offered = 0;

  inHand(tenantId?: Id<'tenant'>): number {
    const own = [...this.jobs.values()].filter((job) => tenantId === undefined || job.tenantId === tenantId);
    return own.reduce((sum, job) => sum + job.eventIds.length, 0);
  }
}

async function take(step: Step, queue: FairQueue, model: Model): Promise<void> {
  switch (step.do) {
    case 'offer': {
      const tenantId = model.tenants[step.tenant] ?? newId('tenant');
      const events = eventsOf(tenantId, step.count, step.delayed ? { notBeforeMs: 1 } : {});
      await queue.offer(events);
      for (const event of events) model.waiting.set(event.id, event);
      model.offered += events.length;
      return;
    }
    case 'offer again': {
      const held = [...model.jobs.values()].flatMap(({ tenantId, eventIds }) =>
        eventIds.map((id) => ({ id, tenantId })),
      );
      return queue.offer([...model.waiting.values(), ...held]);
    }
    case 'dispatch': {
      for (const batch of await queue.dispatch(step)) {
        expect(batch.eventIds.length).toBeLessThanOrEqual(step.eventsMax);
        for (const id of batch.eventIds) {
          expect(model.waiting.get(id)?.tenantId).toBe(batch.tenantId);
          model.waiting.delete(id);
        }
        model.jobs.set(batch.jobId, batch);
        expect(model.inHand(batch.tenantId)).toBeLessThanOrEqual(model.caps.get(batch.tenantId) ?? 1_000);
      }
      return;
    }
    case 'lose the worker':
    case 'hand back':
    case 'settle':
    case 'settle twice': {
      const [job] = model.jobs.values();
      if (job === undefined) return;
      const back =
        step.do === 'settle' || step.do === 'settle twice'
          ? []
          : job.eventIds.map((id) => ({ id, tenantId: job.tenantId }));
      const used = step.do === 'lose the worker' ? undefined : step.fuel;
      await queue.settle(job.jobId, job.tenantId, used, back);
      if (step.do === 'settle twice') await queue.settle(job.jobId, job.tenantId, used);
      model.jobs.delete(job.jobId);
      for (const event of back) model.waiting.set(event.id, event);
      if (back.length === 0) model.settled += job.eventIds.length;
      return;
    }
    case 'cancel': {
      const some = [...model.waiting.values()].filter((_, index) => index % 3 === 0);
      expect(await queue.remove(some)).toBe(some.length);
      for (const { id } of some) model.waiting.delete(id);
      model.settled += some.length;
      return;
    }
    case 'set': {
      const tenantId = model.tenants[step.tenant] ?? newId('tenant');
      // A lowered cap does not take back what is in hand.
      model.caps.set(tenantId, Math.max(step.cap, model.inHand(tenantId)));
      return queue.setTenant(tenantId, { weight: step.weight, concurrencyMax: step.cap });
    }
  }
}

describe('whatever is done to it, the fair queue', () => {
  it('loses nothing, doubles nothing, and leaves nothing behind', async () => {
    const run = fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 60 }), async (list) => {
      const { queue, keys } = world.open({ eventCostGuess: 400_000 });
      const model = new Model();
      for (const step of list) {
        await take(step, queue, model);
        const { waiting, inHand } = await queue.stats();
        expect({ waiting, inHand }).toEqual({ waiting: model.waiting.size, inHand: model.inHand() });
      }
      while (model.waiting.size + model.jobs.size > 0) {
        const before = model.waiting.size + model.jobs.size;
        await take({ do: 'dispatch', jobsMax: 4, eventsMax: 9 }, queue, model);
        await take({ do: 'settle', fuel: 1_000 }, queue, model);
        expect(model.waiting.size + model.jobs.size).toBeLessThan(before + 4);
      }
      expect(model.settled).toBe(model.offered);
      // Only what is known about tenants stays: no key per event or job.
      for (const key of await keys()) expect(key).toMatch(/:(state|tenant:tnt_[0-9a-z]+)$/);
    });
    await fc.assert(run, { numRuns: 60 });
  });
});

/** Weighted cost of `backlogged` tenants after `rounds` of one batch at a time. */
async function receivedBy(
  queue: FairQueue,
  costPerEvent: ReadonlyMap<Id<'tenant'>, number>,
  rounds: number,
): Promise<ReadonlyMap<Id<'tenant'>, number>> {
  const received = new Map<Id<'tenant'>, number>();
  for (let round = 0; round < rounds; round += 1) {
    for (const { jobId, tenantId, eventIds } of await queue.dispatch({ jobsMax: 1, eventsMax: 20 })) {
      const cost = eventIds.length * (costPerEvent.get(tenantId) ?? 0);
      received.set(tenantId, (received.get(tenantId) ?? 0) + cost);
      await queue.settle(jobId, tenantId, cost);
    }
  }
  return received;
}

const costs = fc.array(fc.integer({ min: 20_000, max: 3_000_000 }), { minLength: 2, maxLength: 6 });
const batchCostMax = 5_000_000;

describe('between tenants with a backlog', () => {
  it('no two differ by more than one batch of each in what they received by weight, whatever their events cost', async () => {
    const run = fc.asyncProperty(
      costs,
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 6, maxLength: 6 }),
      async (perEvent, weights) => {
        // So many that they last, even for a tenant that gets all sixty rounds of twenty events.
        const { queue } = world.open({ batchCostMax, eventCostGuess: batchCostMax });
        const tenants = perEvent.map((cost, index) => ({ id: newId('tenant'), cost, weight: weights[index] ?? 1 }));
        await queue.setTenants(new Map(tenants.map(({ id, weight }) => [id, { weight, concurrencyMax: 1_000 }])));
        for (const { id } of tenants) await queue.offer(eventsOf(id, 1_200));
        const received = await receivedBy(queue, new Map(tenants.map(({ id, cost }) => [id, cost])), 60);
        const shares = tenants.map(({ id, weight }) => (received.get(id) ?? 0) / weight);
        // One batch each; the first of each tenant has one event, because nothing is known.
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(2 * batchCostMax);
      },
    );
    await fc.assert(run, { numRuns: 25 });
  });

  it('a tenant that comes back from idling is dispatched after one batch of each other at most', async () => {
    const run = fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.nat(40), async (others, warmUp) => {
      const { queue } = world.open({ eventCostGuess: 10_000 });
      const busy = Array.from({ length: others }, () => newId('tenant'));
      const quiet = newId('tenant');
      await queue.offer(eventsOf(quiet, 1));
      await queue.offer(busy.flatMap((id) => eventsOf(id, 80)));
      await receivedBy(queue, new Map(busy.map((id) => [id, 100_000])), warmUp);
      await queue.offer(eventsOf(quiet, 1));
      const batches = await queue.dispatch({ jobsMax: others + 1, eventsMax: 1 });
      expect(batches.map(({ tenantId }) => tenantId)).toContain(quiet);
    });
    await fc.assert(run, { numRuns: 40 });
  });

  it('nobody saves up: after a long pause a tenant gets no more than the others from then on', async () => {
    const { queue } = world.open({ eventCostGuess: 100_000 });
    const [busy, idle] = [newId('tenant'), newId('tenant')];
    const perEvent = new Map([busy, idle].map((id) => [id, 100_000]));
    await queue.offer(eventsOf(busy, 3_000));
    await receivedBy(queue, perEvent, 50);
    await queue.offer(eventsOf(idle, 3_000));
    const received = await receivedBy(queue, perEvent, 40);
    expect(Math.abs((received.get(busy) ?? 0) - (received.get(idle) ?? 0))).toBeLessThanOrEqual(4_000_000);
  });

  it('a tenant that was set a new weight in flight gets it from then on, and pays the old one for what ran', async () => {
    const { queue } = world.open({ eventCostGuess: 100_000 });
    const [one, two] = [newId('tenant'), newId('tenant')];
    const perEvent = new Map([one, two].map((id) => [id, 100_000]));
    await queue.offer([...eventsOf(one, 2_000), ...eventsOf(two, 2_000)]);
    await receivedBy(queue, perEvent, 20);
    const [inHand] = await queue.dispatch({ jobsMax: 1, eventsMax: 20 });
    await queue.setTenant(one, { weight: 3, concurrencyMax: 1_000 });
    await queue.settle(inHand?.jobId ?? '', inHand?.tenantId ?? one, 2_000_000);
    const received = await receivedBy(queue, perEvent, 80);
    expect((received.get(one) ?? 0) / (received.get(two) ?? 1)).toBeCloseTo(3, 0);
  });
});

describe('ten thousand tenants with one event each', () => {
  it('are all served, once each, and a batch costs about what it does among a hundred', async () => {
    const { queue, redis } = world.open({ eventCostGuess: 10_000 });
    const commandsFor = async (tenants: number) => {
      const events = Array.from({ length: tenants }, () => eventsOf(newId('tenant'), 1)).flat();
      await queue.offer(events);
      const calls = async () =>
        Number(/cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
      const before = await calls();
      const seen = new Set<string>();
      for (;;) {
        const batches = await queue.dispatch({ jobsMax: 64, eventsMax: 100 });
        for (const { tenantId } of batches) seen.add(tenantId);
        if (batches.length === 0) break;
      }
      expect(seen.size).toBe(tenants);
      return ((await calls()) - before) / tenants;
    };
    await commandsFor(100);
    const few = await commandsFor(100);
    const many = await commandsFor(10_000);
    // Linear search would make it a hundred times as much.
    expect(many).toBeLessThan(10 * few);
  });
});
