import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Id } from '@tenon/contracts';
import { waitFor } from '@tenon/testing';
import { ScriptedSandbox } from '../support/scripted-sandbox.js';
import { Shop } from '../support/shop.js';
import { type RunningWorker, startWorker } from '../support/worker-in-process.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const always = 1_000_000;
let shop: Shop;
let sandbox: ScriptedSandbox;
let worker: RunningWorker;

async function only(ids: readonly Id<'event'>[]) {
  const [id] = ids;
  if (id === undefined || ids.length !== 1) throw new Error('one event was wanted');
  await shop.done([id]);
  return shop.executionsOf(id);
}

beforeAll(async () => {
  shop = await Shop.open();
  sandbox = new ScriptedSandbox();
  worker = await startWorker(shop, { sandbox });
  await shop.deploy('scripted', bytes('first'));
});
beforeEach(() => {
  sandbox.requests.length = 0;
});
afterEach(() => {
  sandbox.runFailures = 0;
  sandbox.buildFailures = 0;
  sandbox.answer = '{"discounts":[]}';
});
afterAll(async () => {
  await worker?.stop();
  await shop?.close();
});

describe('a run that fails on our side', () => {
  it('is tried again with exactly the same request, and only the success is recorded', async () => {
    sandbox.runFailures = 2;
    const executions = await only(await shop.send(['{"n":1}']));
    expect(executions.map(({ outcome, attempt }) => [outcome, attempt])).toEqual([['succeeded', 1]]);
    expect(sandbox.requests).toHaveLength(3);
    expect(new Set(sandbox.requests.map((request) => JSON.stringify(request))).size).toBe(1);
  });

  it('does not hold up the other events of its job', async () => {
    sandbox.runFailures = 1;
    const ids = await shop.send(['{"n":1}', '{"n":2}', '{"n":3}']);
    await shop.done(ids);
    expect(sandbox.requests).toHaveLength(4);
  });

  it('is recorded as internal once its attempts are used up, without a word about why', async () => {
    sandbox.runFailures = always;
    const [execution, ...others] = await only(await shop.send(['{"n":1}']));
    expect(others).toEqual([]);
    expect(execution?.outcome).toBe('internal');
    expect(JSON.stringify(execution)).not.toContain('fire');
    expect(sandbox.requests).toHaveLength(5);
  });
});

describe('a run that fails on the side of the guest', () => {
  it('is not tried again, and an output that breaks the schema is one', async () => {
    sandbox.answer = '{"discounts":"many"}';
    const [execution] = await only(await shop.send(['{}']));
    expect(execution).toMatchObject({ outcome: 'invalid_output', output: null });
    expect(execution?.message).toContain('/discounts');
    expect(sandbox.requests).toHaveLength(1);
  });
});

describe('several functions on one point', () => {
  it('each run once, and the event waits for all of them', async () => {
    await shop.deploy('second', bytes('second'));
    sandbox.requests.length = 0;
    sandbox.runFailures = 1;
    const executions = await only(await shop.send(['{}']));
    expect(executions.map((execution) => execution.functionName).toSorted()).toEqual(['scripted', 'second']);
    expect(executions.every((execution) => execution.outcome === 'succeeded')).toBe(true);
  });
});

describe('a build', () => {
  it('that fails on our side is tried again', async () => {
    sandbox.buildFailures = 2;
    const version = await shop.built(await shop.upload(await shop.createFunction('flaky'), bytes('flaky')));
    expect([version.status, version.buildAttempts]).toEqual(['ready', 3]);
  });

  it('that fails on our side for good is failed, not rejected, and says so', async () => {
    sandbox.buildFailures = always;
    const version = await shop.built(await shop.upload(await shop.createFunction('broken'), bytes('broken')));
    expect(version).toMatchObject({ status: 'failed', failure: 'The build sandbox ended.', rejection: null });
  });

  it('of bytes that the tenant has built before is taken from there', async () => {
    const functionId = await shop.createFunction('twice');
    const first = await shop.built(await shop.upload(functionId, bytes('same')));
    const builds = sandbox.builds;
    const second = await shop.built(await shop.upload(functionId, bytes('same')));
    expect([second.status, second.artifactSha256]).toEqual(['ready', first.artifactSha256]);
    expect(sandbox.builds).toBe(builds);
  });

  it('whose job was lost is found by the sweep', async () => {
    const versionId = await shop.upload(await shop.createFunction('lost'), bytes('lost'), false);
    const find = () => shop.database.withTenant(shop.tenantId, (tx) => tx.versions.find(versionId));
    const version = await waitFor(
      'the sweep',
      async () => {
        const found = await find();
        return found?.status === 'ready' && found;
      },
      { timeoutMs: 15_000 },
    );
    expect(version.buildAttempts).toBe(1);
  });

  it('whose module is not in storage ends as failed', async () => {
    const functionId = await shop.createFunction('missing');
    const { id } = await shop.database.withTenant(shop.tenantId, (tx) =>
      tx.versions.create({ functionId, sha256: 'f'.repeat(64), bytes: 1 }),
    );
    await shop.producer.enqueueBuild({ tenantId: shop.tenantId, versionId: id });
    expect(await shop.built(id)).toMatchObject({
      status: 'failed',
      failure: 'The uploaded module is not in storage.',
    });
  });
});
