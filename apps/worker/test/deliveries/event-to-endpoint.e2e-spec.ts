import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Sealer } from '@tenon/config';
import { newId } from '@tenon/contracts';
import { exampleModule, repositoryRoot, waitFor } from '@tenon/testing';
import { AllowedTargets, newStandardSecret } from '@tenon/webhooks';
import { Shop } from '../support/shop.js';
import { type RunningWorker, startWorker } from '../support/worker-in-process.js';
import { startEndpoint, type TestEndpoint } from './delivery-world.js';

const sealer = new Sealer([Buffer.alloc(32, 9)]);

let shop: Shop;
let worker: RunningWorker;
let receiver: TestEndpoint;

beforeAll(async () => {
  [shop, receiver] = await Promise.all([Shop.open(), startEndpoint()]);
  worker = await startWorker(shop, { deliveries: { sealer, allowed: new AllowedTargets(['127.0.0.1']) } });
  await shop.deploy('volume-discount', await exampleModule('volume-discount'));
}, 120_000);
afterAll(async () => {
  await worker?.stop();
  receiver?.close();
  await shop?.close();
});

test('what a function makes of an event arrives at the endpoint of the operator, signed', async () => {
  const example = path.join(repositoryRoot, 'examples/volume-discount');
  const cart = await readFile(path.join(example, 'input.json'), 'utf8');
  const discounts: unknown = JSON.parse(await readFile(path.join(example, 'expected-output.json'), 'utf8'));
  const [secret, id] = [newStandardSecret(), newId('deliveryEndpoint')];
  receiver.secrets = [secret];
  const terms = { name: 'x', url: receiver.url, extensionPoints: ['cart.discounts'], eventTypes: [] };
  await shop.database.asOperator((tx) =>
    tx.deliveryEndpoints.create({
      id,
      secrets: [sealer.seal(secret, id)],
      ...terms,
      outcomes: 'all',
      ordering: 'tenant',
    }),
  );
  const events = await shop.send([cart, cart, cart]);
  // An order waits for older transactions on the server, those of other tests included, for up to a minute.
  await waitFor('three messages', () => receiver.arrivals.length >= 3, { timeoutMs: 75_000 });
  expect(receiver.refused).toEqual([]);
  expect(receiver.arrivals.map(({ body }) => body.data.eventId).sort()).toEqual([...events].sort());
  for (const { body } of receiver.arrivals) {
    expect(body).toMatchObject({ type: 'execution.succeeded', data: { tenantId: shop.tenantId, output: discounts } });
  }
});
