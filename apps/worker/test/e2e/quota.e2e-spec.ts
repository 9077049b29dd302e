import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultExecutionLimits, defaultQuotaLimits, type QuotaLimits } from '@tenon/contracts';
import { exampleModule, repositoryRoot, waitFor } from '@tenon/testing';
import { Shop } from '../support/shop.js';
import { type RunningWorker, startWorker } from '../support/worker-in-process.js';

let cart: string;
let shop: Shop;
let worker: RunningWorker;

beforeAll(async () => {
  cart = await readFile(path.join(repositoryRoot, 'examples/volume-discount/input.json'), 'utf8');
  shop = await Shop.open();
  worker = await startWorker(shop);
  await shop.deploy('discount', await exampleModule('volume-discount'));
});
afterAll(async () => {
  await worker.stop();
  await shop.close();
});

/** What `PUT /v1/plans/default` does. */
async function putPlan(quotas: Partial<QuotaLimits>): Promise<void> {
  const terms = { functionsMax: 100, executionLimits: defaultExecutionLimits };
  const all = { ...defaultQuotaLimits, ...quotas };
  await shop.database.asOperator((tx) => tx.plans.put('default', { ...terms, quotas: all }));
  await shop.quotas.planChanged('default', all);
}

/** What the api does with events over quota: it keeps them, held. */
async function hold(count: number) {
  const events = Array.from({ length: count }, (_, index) => ({
    source: '/held',
    sourceEventId: `${Date.now()}-${index}`,
    type: 'cart.updated',
    data: cart,
    origin: 'rest',
    held: 'executions_per_month',
  }));
  return (await shop.database.events.insert(shop.tenantId, events)).map(({ id }) => id);
}

const usedThisMonth = async () => {
  const states = await shop.quotas.states(shop.tenantId);
  return new Map(states.map(({ name, used }) => [name, used]));
};

describe('what runs used', () => {
  it('is counted as Postgres has it, and nothing is pending when all has ended', async () => {
    await shop.quotas.admitEvents(shop.tenantId, 40);
    await shop.done(await shop.send(Array.from({ length: 40 }, () => cart)));
    const truth = await shop.database.quota.read(shop.tenantId, new Date(Date.now() - 86_400_000));
    expect(truth?.executions).toBe(40);
    await waitFor('the report', async () => {
      const used = await usedThisMonth();
      return used.get('events_waiting') === 0 && used.get('executions_per_month') === 40;
    });
    expect((await usedThisMonth()).get('instructions_per_month')).toBe(truth?.instructions);
  });
});

describe('held events', () => {
  it('stay held while the budget is used up, go when the plan grants more, and only as many as it grants', async () => {
    const used = (await usedThisMonth()).get('executions_per_month') ?? 0;
    await putPlan({ executionsPerMonth: used });
    const ids = await hold(10);
    const statusOf = async () => {
      const events = await shop.database.events.load(shop.tenantId, ids);
      return Object.fromEntries(
        ['held', 'done'].map((status) => [status, events.filter((event) => event.status === status).length]),
      );
    };
    // The warning is the sign that the worker has looked at the budget.
    expect(await statusOf()).toEqual({ held: 10, done: 0 });
    await putPlan({ executionsPerMonth: used + 4 });
    await waitFor('four of them to be done', async () => (await statusOf()).done === 4, { timeoutMs: 20_000 });
    await waitFor('their report', async () => (await usedThisMonth()).get('executions_per_month') === used + 4);
    expect(await statusOf()).toEqual({ held: 6, done: 4 });
    const oldest = await shop.database.events.load(shop.tenantId, ids.toSorted().slice(0, 4));
    expect(oldest.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done']);
    await putPlan({});
    await shop.done(ids);
    const runs = await Promise.all(ids.map((id) => shop.executionsOf(id)));
    expect(runs.map((own) => own.length)).toEqual(ids.map(() => 1));
  });

  it('leave a trace: the warning at 80 % once, and each release', async () => {
    const { items } = await shop.database.withTenant(shop.tenantId, (tx) => tx.audit.list({ limit: 200 }));
    const actions = items.map(({ action, target }) => `${action} ${target}`);
    expect(actions.filter((action) => action === 'quota.warning executions_per_month')).toHaveLength(1);
    expect(actions.filter((action) => action.startsWith('events.released'))).toEqual(
      expect.arrayContaining(['events.released 4 events']),
    );
  });
});

describe('shares', () => {
  it('of the plan reach the fair queue, again after Redis was emptied', async () => {
    await putPlan({ weight: 3, concurrentExecutionsMax: 2 });
    const cap = async () => {
      await shop.quotas.claimShares();
      const limits = await shop.database.quota.tenantLimits('', 10);
      return limits.find(({ id }) => id === shop.tenantId)?.limits;
    };
    expect(await cap()).toMatchObject({ weight: 3, concurrentExecutionsMax: 2 });
  });
});
