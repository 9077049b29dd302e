import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Id } from '@tenon/contracts';
import { exampleModule, repositoryRoot, waitFor } from '@tenon/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { Shop } from '../support/shop.js';
import { buildAll, WorkerProcess } from '../support/worker-process.js';

const eventsInFlight = 1_000;
let shop: Shop;
let owner: pg.Client;
let worker: WorkerProcess;
let cart: string;

/** Looks past row-level security, to see every row there is. */
async function figures() {
  const { rows } = await owner.query<{ done: number; executions: number; counted: number }>(`
    SELECT ((SELECT count(*) FROM events) - (SELECT count(*) FROM event_work))::int AS done,
           (SELECT count(*) FROM executions)::int AS executions,
           ((SELECT coalesce(sum(executions), 0) FROM usage_deltas)
             + (SELECT coalesce(sum(executions), 0) FROM usage_hours))::int AS counted`);
  const [row] = rows;
  if (row === undefined) throw new Error('no figures');
  return row;
}

async function sendMany(): Promise<readonly Id<'event'>[]> {
  return shop.send(Array.from({ length: eventsInFlight }, () => cart));
}

/** Some are recorded and some are not: the moment at which a crash hurts most. */
async function inTheMiddle(before: number): Promise<void> {
  await waitFor('some executions', async () => (await figures()).executions > before + 50, { intervalMs: 2 });
}

/** Every event that was sent since `before` is done, has one execution and was counted once. */
async function expectNothingLostOrDoubled(before: number): Promise<void> {
  const wanted = before + eventsInFlight;
  await waitFor('every event to be done', async () => (await figures()).done >= wanted, { timeoutMs: 20_000 });
  expect(await figures()).toEqual({ done: wanted, executions: wanted, counted: wanted });
}

beforeAll(async () => {
  await buildAll();
  cart = await readFile(path.join(repositoryRoot, 'examples/volume-discount/input.json'), 'utf8');
  shop = await Shop.open();
  owner = new pg.Client({ connectionString: shop.testDatabase.ownerUrl });
  await owner.connect();
  worker = await WorkerProcess.start(shop);
  await shop.deploy('volume-discount', await exampleModule('volume-discount'));
  await worker.stop();
}, 120_000);
beforeEach(async () => {
  worker = await WorkerProcess.start(shop);
});
afterEach(async () => {
  await worker?.kill();
});
afterAll(async () => {
  await owner?.end();
  await shop?.close();
});

describe('1,000 events in flight', () => {
  it('survive a kill -9 of the worker: none is lost, none is recorded twice', async () => {
    const before = (await figures()).executions;
    await sendMany();
    await inTheMiddle(before);
    await worker.kill();
    expect((await figures()).done).toBeLessThan(before + eventsInFlight);
    worker = await WorkerProcess.start(shop);
    await expectNothingLostOrDoubled(before);
  }, 60_000);

  it('survive a Redis that loses all its data', async () => {
    const before = (await figures()).executions;
    await sendMany();
    await inTheMiddle(before);
    const redis = new Redis(shop.testRedis.url);
    await redis.flushdb();
    redis.disconnect();
    await expectNothingLostOrDoubled(before);
  }, 60_000);

  it('survive the death of every sandbox', async () => {
    const before = (await figures()).executions;
    await sendMany();
    await inTheMiddle(before);
    expect(await worker.killSandboxes()).toBeGreaterThan(0);
    await expectNothingLostOrDoubled(before);
    const { rows } = await owner.query('SELECT DISTINCT outcome FROM executions');
    expect(rows).toEqual([{ outcome: 'succeeded' }]);
  }, 60_000);

  it('survive a worker that is told to stop, which ends by itself with what it has in hand', async () => {
    const before = (await figures()).executions;
    await sendMany();
    await inTheMiddle(before);
    expect(await worker.stop()).toBe(0);
    worker = await WorkerProcess.start(shop);
    await expectNothingLostOrDoubled(before);
  }, 60_000);
});
