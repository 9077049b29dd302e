import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { executionIdFor, type Id } from '@tenon/contracts';
import { exampleModule, repositoryRoot, waitFor } from '@tenon/testing';
import { seedFor } from '../../src/executions/determinism.js';
import { noLiveFunctionNote } from '../../src/executions/event-end.js';
import { Shop, shippingEventType, shippingPointName } from '../support/shop.js';
import { type RunningWorker, startWorker } from '../support/worker-in-process.js';

let shop: Shop;
let worker: RunningWorker;
let functionId: Id<'function'>;
let cart: string;
let discounts: unknown;

beforeAll(async () => {
  const example = path.join(repositoryRoot, 'examples/volume-discount');
  cart = await readFile(path.join(example, 'input.json'), 'utf8');
  discounts = JSON.parse(await readFile(path.join(example, 'expected-output.json'), 'utf8'));
  shop = await Shop.open();
  worker = await startWorker(shop);
  functionId = await shop.deploy('volume-discount', await exampleModule('volume-discount'));
}, 120_000);
afterAll(async () => {
  await worker?.stop();
  await shop?.close();
});

describe('an event', () => {
  it('runs the live function once and leaves a complete record', async () => {
    const [eventId] = await shop.send([cart]);
    if (eventId === undefined) throw new Error('nothing was sent');
    await shop.done([eventId]);
    const [execution, ...others] = await shop.executionsOf(eventId);
    expect(others).toEqual([]);
    expect(execution).toMatchObject({
      id: executionIdFor(eventId, functionId, 1),
      kind: 'event',
      eventId,
      functionId,
      functionName: 'volume-discount',
      extensionPoint: 'cart.discounts',
      attempt: 1,
      outcome: 'succeeded',
      input: cart,
      engine: expect.any(String),
    });
    expect(JSON.parse(execution?.output ?? 'null')).toEqual(discounts);
  });

  it('of no live function is done without an execution, and says so', async () => {
    const [eventId] = await shop.send(['{}'], 'order.created');
    if (eventId === undefined) throw new Error('nothing was sent');
    await shop.done([eventId]);
    expect(await shop.executionsOf(eventId)).toEqual([]);
    const [event] = await shop.database.events.load(shop.tenantId, [eventId]);
    expect(event?.note).toBe(noLiveFunctionNote);
  });

  it('that breaks one function does not keep the next event from running', async () => {
    const [bad, good] = await shop.send(['{"lines":"none"}', cart]);
    if (bad === undefined || good === undefined) throw new Error('nothing was sent');
    await shop.done([bad, good]);
    const [[failed], [succeeded]] = await Promise.all([shop.executionsOf(bad), shop.executionsOf(good)]);
    expect(failed?.outcome).not.toBe('succeeded');
    expect(failed?.outcome).not.toBe('internal');
    expect(succeeded?.outcome).toBe('succeeded');
  });
});

describe('many events', () => {
  const executionsCounted = async () => {
    const from = new Date(Date.now() - 2 * 60 * 60 * 1_000);
    const to = new Date(Date.now() + 60 * 60 * 1_000);
    const usage = await shop.database.usage.perFunction(shop.tenantId, from, to);
    return usage.reduce((sum, one) => sum + one.executions, 0);
  };

  it('are all recorded once each, and counted once each, even when their jobs come again', async () => {
    const before = await executionsCounted();
    const ids = await shop.send(Array.from({ length: 300 }, () => cart));
    const jobs = [ids.slice(0, 100), ids.slice(50, 150), ids.slice(200)];
    await shop.producer.enqueueExecutions(
      jobs.map((eventIds) => ({ tenantId: shop.tenantId, eventIds: [...eventIds] })),
    );
    await shop.done(ids);
    await waitFor('every job to end', async () => (await shop.producer.eventsInFlight(1_000))?.size === 0);
    const counts = await Promise.all(ids.map(async (id) => (await shop.executionsOf(id)).length));
    expect(counts.filter((count) => count !== 1)).toEqual([]);
    expect((await executionsCounted()) - before).toBe(300);
    expect(await shop.database.auditTrail.verify(shop.tenantId)).toMatchObject({ intact: true });
  });
});

describe('a run that is repeated', () => {
  it('is the same, bit for bit', async () => {
    const [eventId] = await shop.send([cart]);
    if (eventId === undefined) throw new Error('nothing was sent');
    await shop.done([eventId]);
    const [recorded] = await shop.executionsOf(eventId);
    const event = (await shop.database.events.load(shop.tenantId, [eventId]))[0];
    expect(recorded?.seed).toBe(seedFor(eventId, functionId));
    expect(recorded?.clockMs).toBe(event?.acceptedAt.getTime());
  });
});

describe('a JavaScript component', () => {
  it('runs under the default limits of its extension point, with the larger memory of components', async () => {
    const example = path.join(repositoryRoot, 'examples/shipping-rule');
    await shop.deploy('shipping-rule', await exampleModule('shipping-rule'), shippingPointName);
    const [eventId] = await shop.send([await readFile(path.join(example, 'input.json'), 'utf8')], shippingEventType);
    if (eventId === undefined) throw new Error('nothing was sent');
    await shop.done([eventId]);
    const [execution] = await shop.executionsOf(eventId);
    expect([execution?.outcome, execution?.message]).toEqual(['succeeded', expect.any(String)]);
    const expected: unknown = JSON.parse(await readFile(path.join(example, 'expected-output.json'), 'utf8'));
    expect(JSON.parse(execution?.output ?? 'null')).toEqual(expected);
  }, 60_000);
});

describe('a function that goes wrong', () => {
  it('and loops for ever ends at its instruction limit in under a second, and the next event is served', async () => {
    const looping = await shop.deploy('endless-loop', await exampleModule('endless-loop'));
    const [first] = await shop.send([cart]);
    if (first === undefined) throw new Error('nothing was sent');
    await shop.done([first]);
    const executions = await shop.executionsOf(first);
    const outcomes = new Map(executions.map((one) => [one.functionId, one.outcome]));
    expect([outcomes.get(looping), outcomes.get(functionId)]).toEqual(['instruction_limit', 'succeeded']);
    expect(Math.max(...executions.map((one) => one.wallUs))).toBeLessThan(1_000_000);
    const [next] = await shop.send([cart]);
    if (next === undefined) throw new Error('nothing was sent');
    await shop.done([next]);
    expect((await shop.executionsOf(next)).map((one) => one.outcome)).toContain('succeeded');
  });

  it('before it can run is rejected with the name of the import that it may not have', async () => {
    const functionId = await shop.createFunction('unknown-import');
    const version = await shop.built(await shop.upload(functionId, await exampleModule('unknown-import')));
    expect(version.status).toBe('rejected');
    expect(JSON.stringify(version.rejection)).toContain('open_database');
    await expect(shop.activate(functionId, version.id)).rejects.toMatchObject({ code: 'version_not_ready' });
  });
});
