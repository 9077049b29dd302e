import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Id } from '@tenon/contracts';
import {
  consumeExecutions,
  type FairQueue,
  openFairQueue,
  openQueueProducer,
  type QueueOptions,
  type QueueProducer,
} from '@tenon/queue';
import { createLogger } from '@tenon/telemetry';
import { waitFor } from '@tenon/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { Dispatcher } from '../../src/relay/dispatcher.js';
import { LeaseKeeper } from '../../src/relay/lease-keeper.js';
import { lossesMax, lostBatch } from '../../src/relay/lost-batch.js';
import { QueueSweep } from '../../src/relay/queue-sweep.js';
import { defaultRelaySettings } from '../../src/relay/relay-settings.js';
import { Shop } from '../support/shop.js';

const settings = {
  ...defaultRelaySettings,
  jobsConcurrencyMax: 2,
  jobsWaitingMax: 1,
  eventsPerJobMax: 10,
  sweepAgeMs: -1_000,
};
const nothing = () => ({ jobs: 0, events: 0 });
const leaseMs = 30;
const logger = createLogger({ name: 'test', level: 'silent' });
let shop: Shop;
let owner: pg.Client;
let queue: QueueOptions;
let producer: QueueProducer;
let fair: FairQueue;
let emptied: number;
let tests = 0;

/** Committed, and not offered: the api died in between. */
async function keep(count: number): Promise<readonly Id<'event'>[]> {
  const events = Array.from({ length: count }, (_, index) => ({
    source: '/relay',
    sourceEventId: `${tests}-${index}`,
    type: 'cart.updated',
    data: '{}',
    origin: 'rest',
  }));
  return (await shop.database.events.insert(shop.tenantId, events)).map(({ id }) => id);
}

const offer = (ids: readonly Id<'event'>[]) => fair.offer(ids.map((id) => ({ id, tenantId: shop.tenantId })));

const sweepWith = (changes: Partial<typeof settings> = {}) =>
  new QueueSweep(shop.database.outbox, fair, producer, { ...settings, ...changes }, () => {
    emptied += 1;
  });

const keeper = () =>
  new LeaseKeeper(shop.database.outbox, fair, producer, (batch) => lostBatch(shop.database, logger, batch));

beforeAll(async () => {
  shop = await Shop.open();
  owner = new pg.Client({ connectionString: shop.testDatabase.ownerUrl });
  await owner.connect();
});
beforeEach(async () => {
  tests += 1;
  emptied = 0;
  queue = { ...shop.queue, prefix: `${shop.queue.prefix}-${tests}` };
  producer = openQueueProducer(queue);
  // One event costs little here, so that batches are cut by their number of events alone.
  fair = openFairQueue({ ...queue, settings: { leaseMs, eventCostGuess: 1 } });
  await producer.markRedis();
});
afterEach(async () => {
  await Promise.all([producer.close(), fair.close()]);
  await owner.query('DELETE FROM events; DELETE FROM event_work');
});
afterAll(async () => {
  await owner?.end();
  await shop?.close();
});

describe('the dispatcher', () => {
  it('hands batches of events over and leaves the rest in line once BullMQ has enough', async () => {
    await offer(await keep(50));
    const dispatcher = new Dispatcher(fair, producer, settings, nothing);
    for (let look = 0; look < 2; look += 1) {
      await dispatcher.step();
      expect(await producer.executionsWaiting()).toBe(3);
      expect(await fair.stats()).toMatchObject({ waiting: 20, inHand: 30 });
    }
  });

  it('hands over as many as the worker has places for, and one to wait', async () => {
    await offer(await keep(60));
    await new Dispatcher(fair, producer, settings, () => ({ jobs: 1, events: 10 })).step();
    expect(await producer.executionsWaiting()).toBe(2);
    expect(await fair.stats()).toMatchObject({ waiting: 40, inHand: 20 });
  });

  it('begins no further job once it has enough events in its hands, those that have not begun counted', async () => {
    await offer(await keep(60));
    const dispatcher = new Dispatcher(
      fair,
      producer,
      { ...settings, jobsConcurrencyMax: 8, eventsAtOnceMax: 35 },
      () => ({
        jobs: 1,
        events: 20,
      }),
    );
    for (let look = 0; look < 3; look += 1) {
      await dispatcher.step();
      expect(await fair.stats()).toMatchObject({ waiting: 40, inHand: 20 });
    }
  });

  it('hands over more once what it handed over has begun', async () => {
    await offer(await keep(60));
    const bounds = { ...settings, jobsConcurrencyMax: 8, eventsAtOnceMax: 15 };
    const dispatcher = new Dispatcher(fair, producer, bounds, nothing);
    await dispatcher.step();
    await dispatcher.step();
    expect(await fair.stats()).toMatchObject({ waiting: 40, inHand: 20 });
    const begun: string[] = [];
    const consumer = consumeExecutions({ ...queue, concurrency: 10 }, async (_job, { jobId }) => {
      begun.push(jobId);
    });
    await waitFor('both jobs', () => begun.length === 2);
    for (const jobId of begun) dispatcher.begun(jobId);
    await dispatcher.step();
    await consumer.close(1_000);
    expect(await fair.stats()).toMatchObject({ waiting: 20, inHand: 40 });
  });

  it('shares the events with others that work at once, and none is given out twice', async () => {
    const ids = await keep(60);
    await offer(ids);
    const roomy = { ...settings, jobsWaitingMax: 62 };
    await Promise.all(Array.from({ length: 4 }, () => new Dispatcher(fair, producer, roomy, nothing).step()));
    const taken: string[] = [];
    const consumer = consumeExecutions({ ...queue, concurrency: 10 }, async (job) => {
      taken.push(...job.eventIds);
    });
    await waitFor('all events', () => taken.length >= 60);
    await consumer.close(1_000);
    expect(taken.toSorted()).toEqual([...ids].sort());
  });
});

describe('the sweep', () => {
  it('offers what nobody has offered, and what is in line already only stays there', async () => {
    const ids = await keep(5);
    await offer(ids.slice(0, 2));
    expect(await sweepWith().step()).toBe('idle');
    await sweepWith().step();
    expect(await fair.stats()).toMatchObject({ waiting: 5, inHand: 0 });
    expect(emptied).toBe(0);
  });

  it('leaves events alone that came just now', async () => {
    await keep(5);
    await sweepWith({ sweepAgeMs: 60_000 }).step();
    expect(await fair.stats()).toMatchObject({ waiting: 0 });
  });

  it('comes to the oldest events as well where there are more than one look takes', async () => {
    await keep(35);
    const sweep = sweepWith({ sweepEventsMax: 10 });
    for (let look = 0; look < 4; look += 1) await sweep.step();
    expect(await fair.stats()).toMatchObject({ waiting: 35 });
  });

  it('makes the whole queue again, without a pause, once Redis has lost what was in it', async () => {
    await keep(35);
    const redis = new Redis(shop.testRedis.url);
    const keys = await redis.keys(`${queue.prefix}:*`);
    if (keys.length > 0) await redis.del(keys);
    redis.disconnect();
    const sweep = sweepWith({ sweepEventsMax: 10, sweepAgeMs: 60_000 });
    const results = [await sweep.step(), await sweep.step(), await sweep.step(), await sweep.step()];
    expect(results).toEqual(['more', 'more', 'more', 'idle']);
    expect(emptied).toBe(1);
    expect(await fair.stats()).toMatchObject({ waiting: 35 });
  });

  it('does not offer what is held', async () => {
    const held = { source: '/relay', sourceEventId: 'held', type: 'cart.updated', data: '{}', origin: 'rest' };
    await shop.database.events.insert(shop.tenantId, [{ ...held, held: 'quota' }]);
    await sweepWith().step();
    expect(await fair.stats()).toMatchObject({ waiting: 0 });
  });
});

describe('the lease keeper', () => {
  const expire = async () => {
    const batches = await fair.dispatch({ jobsMax: 1, eventsMax: 10 });
    await waitFor('the lease to run out', async () => {
      const [first] = await fair.expired(1);
      return first !== undefined;
    });
    return batches;
  };

  it('puts events back into line whose batch never reached BullMQ, and counts the loss', async () => {
    const ids = await keep(3);
    await offer(ids);
    await expire();
    // Whoever asked first is shown the batch for one lease's time; after that it is shown again.
    await waitFor('the events to be in line', async () => {
      await keeper().recover();
      return (await fair.stats()).inHand === 0;
    });
    expect(await fair.stats()).toMatchObject({ waiting: 3, inHand: 0 });
    const { events } = await shop.database.eventWork.load(shop.tenantId, ids);
    expect(events.map(({ failures }) => failures)).toEqual([1, 1, 1]);
  });

  it('puts nothing back that was recorded meanwhile', async () => {
    const ids = await keep(2);
    await offer(ids);
    await expire();
    const doneEvents = ids.slice(0, 1).map((id) => ({ id }));
    await shop.database.recorder.record(shop.tenantId, { executions: [], doneEvents });
    await waitFor('the batch to be settled', async () => {
      await keeper().recover();
      return (await fair.stats()).inHand === 0;
    });
    expect(await fair.stats()).toMatchObject({ waiting: 1 });
  });

  it('leaves a batch alone whose job is in BullMQ', async () => {
    await offer(await keep(2));
    await producer.enqueueBatches(await expire());
    const leases = keeper();
    for (let look = 0; look < 3; look += 1) await leases.recover();
    expect(await fair.stats()).toMatchObject({ waiting: 0, inHand: 2 });
  });

  it('gives an event up that takes down whoever runs it', async () => {
    const ids = await keep(1);
    const batch = { jobId: 'f1', tenantId: shop.tenantId, eventIds: ids };
    for (let loss = 0; loss < lossesMax; loss += 1) await lostBatch(shop.database, logger, batch);
    expect(await shop.database.events.load(shop.tenantId, ids)).toMatchObject([{ status: 'dead' }]);
  });
});
