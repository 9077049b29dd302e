import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExecutionJob, Id } from '@tenon/contracts';
import { consumeExecutions, openQueueProducer, type QueueOptions, type QueueProducer } from '@tenon/queue';
import { waitFor } from '@tenon/testing';
import pg from 'pg';
import { OutboxFeeder } from '../../src/relay/outbox-feeder.js';
import { OutboxRecovery } from '../../src/relay/outbox-recovery.js';
import { defaultRelaySettings } from '../../src/relay/relay-settings.js';
import { Shop } from '../support/shop.js';

const settings = { ...defaultRelaySettings, jobsWaitingMax: 3, eventsPerJobMax: 10 };
let shop: Shop;
let owner: pg.Client;
let queue: QueueOptions;
let producer: QueueProducer;
let feeder: OutboxFeeder;
let recovery: OutboxRecovery;
let tests = 0;

const events = (count: number) => shop.send(Array.from({ length: count }, () => '{}'));

async function statuses(): Promise<Record<string, number>> {
  const { rows } = await owner.query<{ status: string; count: number }>(
    'SELECT status, count(*)::int AS count FROM events GROUP BY status',
  );
  return Object.fromEntries(rows.map((row) => [row.status, row.count]));
}

const endLeases = () => owner.query("UPDATE events SET lease_until = now() - interval '1 s' WHERE status = 'queued'");

beforeAll(async () => {
  shop = await Shop.open();
  owner = new pg.Client({ connectionString: shop.testDatabase.ownerUrl });
  await owner.connect();
});
beforeEach(async () => {
  tests += 1;
  queue = { ...shop.queue, prefix: `${shop.queue.prefix}-${tests}` };
  producer = openQueueProducer(queue);
  feeder = new OutboxFeeder(shop.database.outbox, producer, settings);
  recovery = new OutboxRecovery(shop.database.outbox, producer, settings);
  await producer.markRedis();
});
afterEach(async () => {
  await producer.close();
  await owner.query('DELETE FROM events');
});
afterAll(async () => {
  await owner?.end();
  await shop?.close();
});

/** Takes the jobs that wait, and gives them to the caller. */
async function drain(jobs: number): Promise<readonly ExecutionJob[]> {
  const taken: ExecutionJob[] = [];
  const consumer = consumeExecutions({ ...queue, concurrency: 10 }, async (job) => {
    taken.push(job);
  });
  await waitFor('the jobs', () => taken.length >= jobs);
  await consumer.close(1_000);
  return taken;
}

describe('the feeder', () => {
  it('puts events into jobs, oldest first, and marks them queued', async () => {
    const ids = await events(25);
    expect(await feeder.step()).toBe('idle');
    expect(await statuses()).toEqual({ queued: 25 });
    const jobs = await drain(3);
    expect(jobs.flatMap((job) => job.eventIds).toSorted()).toEqual([...ids].toSorted());
    expect(jobs.map((job) => job.eventIds.length).toSorted((a, b) => a - b)).toEqual([5, 10, 10]);
  });

  it('never lets more wait in BullMQ than it may, and leaves the rest in Postgres', async () => {
    await events(100);
    expect(await feeder.step()).toBe('more');
    expect(await feeder.step()).toBe('idle');
    expect(await producer.executionsWaiting()).toBe(3);
    expect(await statuses()).toEqual({ queued: 30, ready: 70 });
    await drain(3);
    await feeder.step();
    expect(await statuses()).toEqual({ queued: 60, ready: 40 });
  });

  it('gives every event to exactly one of several feeders', async () => {
    const ids = await events(300);
    const roomy = { ...settings, jobsWaitingMax: 100, claimMax: 40 };
    const several = Array.from({ length: 4 }, () => new OutboxFeeder(shop.database.outbox, producer, roomy));
    const run = async (one: OutboxFeeder) => {
      while ((await one.step()) === 'more');
    };
    await Promise.all(several.map(run));
    const jobs = await drain(await producer.executionsWaiting());
    expect(jobs.flatMap((job) => job.eventIds).toSorted()).toEqual([...ids].toSorted());
  });

  it('gives events back when Redis is away', async () => {
    await events(5);
    const away = openQueueProducer({ redisUrl: 'redis://127.0.0.1:1', prefix: 'away' });
    const blind = { executionsWaiting: async () => 0, enqueueExecutions: away.enqueueExecutions };
    await expect(new OutboxFeeder(shop.database.outbox, blind, settings).step()).rejects.toThrow();
    expect(await statuses()).toEqual({ ready: 5 });
    await away.close();
  });
});

describe('the recovery', () => {
  it('leaves events alone whose job still waits, however late it is', async () => {
    await events(5);
    await feeder.step();
    await endLeases();
    expect(await recovery.look()).toEqual({ redisWiped: false, released: 0 });
    expect(await statuses()).toEqual({ queued: 5 });
    expect(await shop.database.outbox.queued({ limit: 10, all: false })).toEqual([]);
  });

  it('frees events that a relay claimed and never handed over, once their lease has ended', async () => {
    await events(5);
    await shop.database.outbox.claimReady(5, 60_000);
    expect((await recovery.look()).released).toBe(0);
    await endLeases();
    expect((await recovery.look()).released).toBe(5);
    expect(await statuses()).toEqual({ ready: 5 });
  });

  it('frees everything at once when Redis was wiped, without waiting for leases', async () => {
    await events(5);
    await feeder.step();
    const fresh = openQueueProducer({ ...queue, prefix: `${queue.prefix}-new` });
    const afterWipe = new OutboxRecovery(shop.database.outbox, fresh, settings);
    expect(await afterWipe.look()).toEqual({ redisWiped: true, released: 5 });
    expect(await afterWipe.look()).toEqual({ redisWiped: false, released: 0 });
    await fresh.close();
  });

  it('does not touch events that are done', async () => {
    const ids: readonly Id<'event'>[] = await events(5);
    await shop.database.outbox.claimReady(5, 60_000);
    await shop.database.recorder.record(shop.tenantId, { executions: [], doneEvents: ids.map((id) => ({ id })) });
    await endLeases();
    expect((await recovery.look()).released).toBe(0);
    expect(await statuses()).toEqual({ done: 5 });
  });
});
