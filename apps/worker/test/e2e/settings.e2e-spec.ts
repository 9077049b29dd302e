import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mintApiKey, scopes } from '@tenon/contracts';
import { exampleModule, waitFor } from '@tenon/testing';
import { ApiProcess } from '../support/api-process.js';
import { Shop } from '../support/shop.js';
import { buildAll, WorkerProcess } from '../support/worker-process.js';

let shop: Shop;
let api: ApiProcess | undefined;
let worker: WorkerProcess | undefined;
let key: string;
let operatorKey: string;

beforeAll(async () => {
  [shop] = await Promise.all([Shop.open(), buildAll()]);
  [api, worker] = await Promise.all([ApiProcess.start(shop), WorkerProcess.start(shop)]);
  const [tenants, operators] = [mintApiKey('tenant'), mintApiKey('operator')];
  await shop.database.asOperator(async (tx) => {
    const { hash, prefix } = operators;
    await tx.keys.create({ name: 'test', prefix, hash, scopes });
    await tx.keysOf(shop.tenantId).create({ name: 'test', prefix: tenants.prefix, hash: tenants.hash, scopes });
  });
  [key, operatorKey] = [tenants.key, operators.key];
}, 180_000);
afterAll(async () => {
  await Promise.all([api?.stop(), worker?.stop()]);
  await shop?.close();
});

const ask = (method: string, route: string, body?: object, as = key) => {
  if (api === undefined) throw new Error('no api');
  return api.ask(as, method, route, body);
};

/** Sends an event and waits for what the function made of it. */
async function greeting(id: string): Promise<unknown> {
  const data = { name: 'Ada', orders: 1 };
  const event = { specversion: '1.0', id, source: '/settings', type: 'order.confirmed', data };
  const { ids } = await ask('POST', '/v1/events', event);
  const [eventId] = ids as string[];
  const run = await waitFor('the run', async () => {
    const { items } = await ask('GET', `/v1/executions?event=${eventId}`);
    return (items as { id: string }[])[0] ?? false;
  });
  return (await ask('GET', `/v1/executions/${run.id}`)).output;
}

test('a compiled guest reads the settings that were put through the api, and those of before after a rollback', async () => {
  const point = { inputSchema: { type: 'object' }, outputSchema: { type: 'object' }, eventTypes: ['order.confirmed'] };
  await ask('PUT', '/v1/extension-points/order.confirmed', point, operatorKey);
  await ask('POST', '/v1/functions', { name: 'greeting', extensionPoint: 'order.confirmed' });
  const route = '/v1/functions/greeting';
  const { id: version } = await ask('POST', `${route}/versions`, await exampleModule('extism-greeting'));
  await waitFor('the build', async () => (await ask('GET', `${route}/versions/${version}`)).status === 'ready', {
    timeoutMs: 60_000,
  });
  await ask('POST', `${route}/activate`, { version, settings: { salutation: 'Goedemorgen' } });
  expect(await greeting('1')).toEqual({ greeting: 'Goedemorgen, Ada!', loyal: false });
  await ask('PUT', `${route}/settings`, { value: { salutation: 'Guten Morgen' } });
  expect(await greeting('2')).toEqual({ greeting: 'Guten Morgen, Ada!', loyal: false });
  await ask('POST', `${route}/rollback`);
  expect(await greeting('3')).toEqual({ greeting: 'Goedemorgen, Ada!', loyal: false });
}, 120_000);
