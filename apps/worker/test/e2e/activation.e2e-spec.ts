import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { executionLimitsSchema, newId } from '@tenon/contracts';
import { waitFor } from '@tenon/testing';
import { ScriptedSandbox } from '../support/scripted-sandbox.js';
import { Shop } from '../support/shop.js';
import { type RunningWorker, startWorker } from '../support/worker-in-process.js';

let shop: Shop;
let sandbox: ScriptedSandbox;
let worker: RunningWorker;

beforeAll(async () => {
  shop = await Shop.open();
  sandbox = new ScriptedSandbox();
  worker = await startWorker(shop, { sandbox });
});

afterAll(async () => {
  await worker?.stop();
  await shop?.close();
});

it('a version is compiled as it becomes live, before its first event', async () => {
  const functionId = await shop.createFunction('warm');
  const versionId = await shop.upload(functionId, new TextEncoder().encode('warm'));
  const version = await shop.built(versionId);
  await shop.activate(functionId, versionId);
  shop.producer.announceActivation({ tenantId: shop.tenantId, versionId: newId('version') });
  shop.producer.announceActivation({ tenantId: shop.tenantId, versionId });
  await waitFor('the version to be warm', () => sandbox.warmed.length > 0);
  expect(sandbox.warmed).toEqual([version.artifactSha256]);
});

it('a plan that asks for it gives its tenants processes of their own, from the next event on', async () => {
  await shop.done(await shop.send(['{"n":1}']));
  expect(sandbox.isolations).toEqual(['shared']);
  const terms = {
    functionsMax: 100,
    executionLimits: executionLimitsSchema.parse({}),
    isolation: 'dedicated',
  } as const;
  await shop.database.asOperator((tx) => tx.plans.put('default', terms));
  await shop.done(await shop.send(['{"n":2}']));
  expect(sandbox.isolations).toEqual(['shared', 'dedicated']);
});
