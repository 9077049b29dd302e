import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultQuotaLimits, type Id, newId, type QuotaLimits } from '@tenon/contracts';
import { type FairQueue, openFairQueue, queueKeys } from '@tenon/queue';
import { openQuotas, type QuotaSource, type Quotas, type TenantTruth } from '@tenon/quota';
import { createTestRedis, type TestRedis, waitFor } from '@tenon/testing';
import { Redis } from 'ioredis';
import { openQuotaStore } from '../src/quota-store.js';
import { RequestGate } from '../src/request-gate.js';

let server: TestRedis;
let redis: Redis;
let worlds = 0;
const opened: Array<{ close(): Promise<void> }> = [];

interface World {
  readonly quotas: Quotas;
  readonly fair: FairQueue;
  /** What Postgres would say; tests change it. */
  readonly truth: Map<Id<'tenant'>, TenantTruth>;
  readonly asked: Id<'tenant'>[];
  readonly prefix: string;
  readonly source: QuotaSource;
  readonly errors: Error[];
  tenant(limits?: Partial<QuotaLimits>, more?: Partial<TenantTruth>): Id<'tenant'>;
  keys(): Promise<string[]>;
}

function open(redisUrl = server.url, options: { readonly storeTimeoutMs?: number } = {}): World {
  worlds += 1;
  const prefix = `${server.prefix}-${worlds}`;
  const truth = new Map<Id<'tenant'>, TenantTruth>();
  const asked: Id<'tenant'>[] = [];
  const errors: Error[] = [];
  const source = {
    read: async (tenantId: Id<'tenant'>) => {
      asked.push(tenantId);
      return truth.get(tenantId) ?? null;
    },
    storedBytes: async () => 9_000_000_000,
  };
  const onError = (error: Error) => errors.push(error);
  const quotas = openQuotas({ redisUrl, prefix, source, onError, storeTimeoutMs: options.storeTimeoutMs ?? 5_000 });
  const fair = openFairQueue({ redisUrl, prefix });
  opened.push(quotas, fair);
  const tenant: World['tenant'] = (limits, more) => {
    const id = newId('tenant');
    const plan = { plan: `plan-${truth.size}`, limits: { ...defaultQuotaLimits, ...limits } };
    truth.set(id, { ...plan, executions: 0, instructions: 0, ...more });
    return id;
  };
  return {
    quotas,
    fair,
    prefix,
    source,
    truth,
    asked,
    errors,
    tenant,
    keys: () => redis.keys(`${queueKeys(prefix).quota}*`),
  };
}

beforeAll(async () => {
  server = await createTestRedis();
  redis = new Redis(server.url);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});

describe('requests', () => {
  it('may come as a burst, then only as fast as the rate, and say when the next one may', async () => {
    const { quotas, tenant } = open();
    const tenantId = tenant({ requestsPerSecond: 2, requestsBurst: 5 });
    const verdicts = await Promise.all(Array.from({ length: 8 }, () => quotas.admitRequest({ tenantId })));
    expect(verdicts.filter(({ admitted }) => admitted)).toHaveLength(5);
    const refused = await quotas.admitRequest({ tenantId });
    expect(refused).toMatchObject({ admitted: false, tenant: { limit: 5, remaining: 0, windowMs: 2_500 } });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(500);
    await waitFor('the next one', async () => (await quotas.admitRequest({ tenantId })).admitted, { intervalMs: 20 });
  });

  it('count for their key and for their tenant', async () => {
    const { quotas, tenant } = open();
    const tenantId = tenant({
      requestsPerSecond: 0.1,
      requestsBurst: 5,
      keyRequestsPerSecond: 0.1,
      keyRequestsBurst: 3,
    });
    const ask = async (actor: string) => (await quotas.admitRequest({ tenantId, actor })).admitted;
    const [one, two] = [newId('key'), newId('key')];
    const admitted = [];
    for (const key of [one, one, one, one, two, two, two]) admitted.push(await ask(key));
    expect(admitted).toEqual([true, true, true, false, true, true, false]);
  });

  it('refused under a small plan do not wait for it once there is a larger one', async () => {
    const { quotas, truth, tenant } = open();
    const tenantId = tenant({ requestsPerSecond: 0.1, requestsBurst: 10 });
    for (let request = 0; request < 11; request += 1) await quotas.admitRequest({ tenantId });
    const larger = { ...defaultQuotaLimits, requestsPerSecond: 1_000, requestsBurst: 100 };
    await quotas.planChanged(truth.get(tenantId)?.plan ?? '', larger);
    const admitted = async () => (await quotas.admitRequest({ tenantId })).admitted;
    await waitFor('the new rate', admitted, { timeoutMs: 2_000 });
  });

  it('of one tenant do not count for another, and an operator counts by its key', async () => {
    const { quotas, tenant } = open();
    const [one, two] = [tenant({ requestsPerSecond: 0.1, requestsBurst: 1 }), tenant({ requestsBurst: 1 })];
    expect((await quotas.admitRequest({ tenantId: one })).admitted).toBe(true);
    expect((await quotas.admitRequest({ tenantId: one })).admitted).toBe(false);
    expect((await quotas.admitRequest({ tenantId: two })).admitted).toBe(true);
    const operator = await quotas.admitRequest({ actor: newId('key') });
    expect(operator).toMatchObject({ admitted: true, key: { limit: 40_000, remaining: 39_999 } });
    expect(operator.tenant).toBeUndefined();
  });

  it('that come together share round trips', async () => {
    const { quotas, tenant, prefix } = open();
    const tenants = Array.from({ length: 20 }, () => tenant());
    const askOf = (admit: Quotas['admitRequest']) =>
      Promise.all(tenants.flatMap((tenantId) => Array.from({ length: 50 }, () => admit({ tenantId }))));
    await askOf(quotas.admitRequest);
    const store = openQuotaStore({ redisUrl: server.url, prefix, storeTimeoutMs: 5_000 });
    let calls = 0;
    const gate = new RequestGate({
      ask: (groups) => {
        calls += 1;
        return store.admitRequests(groups);
      },
      alone: () => ({ admitted: false, retryAfterMs: 0 }),
    });
    opened.push(store);
    const started = performance.now();
    const verdicts = await askOf((caller) => gate.admit(caller));
    // What was taken in advance is looked over twenty times a second, which may cost a call each time.
    const looks = Math.floor((performance.now() - started) / 50);
    gate.close();
    expect(verdicts.every(({ admitted }) => admitted)).toBe(true);
    expect(calls).toBeLessThanOrEqual(2 + looks);
  });

  it('are bounded by this process while Redis is away, with the limits that it saw last', async () => {
    const { quotas, errors } = open('redis://127.0.0.1:1');
    const tenantId = newId('tenant');
    const verdict = await quotas.admitRequest({ tenantId, actor: newId('key') });
    expect(verdict).toMatchObject({ admitted: true, tenant: { limit: 40_000 }, key: { limit: 40_000 } });
    expect(errors.length).toBeGreaterThan(0);
    const started = performance.now();
    const many = await Promise.all(Array.from({ length: 45_000 }, () => quotas.admitRequest({ tenantId })));
    const admitted = many.filter((one) => one.admitted).length;
    expect(admitted).toBeGreaterThanOrEqual(39_999);
    expect(admitted).toBeLessThanOrEqual(40_000 + 20 * (performance.now() - started));
  });

  it('of a tenant that nobody knows are bounded too, and hold up nobody else', async () => {
    const { quotas, tenant } = open();
    const [known, unknown] = [tenant(), newId('tenant')];
    const [first, second] = await Promise.all([
      quotas.admitRequest({ tenantId: unknown }),
      quotas.admitRequest({ tenantId: known }),
    ]);
    expect(first?.admitted).toBe(true);
    expect(second?.tenant).toMatchObject({ remaining: 39_999 });
  });
});

describe('a Redis that accepts connections and never answers', () => {
  it('costs a request its time-out once, not each time', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { quotas } = open(`redis://127.0.0.1:${port}`, { storeTimeoutMs: 100 });
    const started = performance.now();
    expect((await quotas.admitRequest({ tenantId: newId('tenant') })).admitted).toBe(true);
    const first = performance.now() - started;
    expect(first).toBeGreaterThanOrEqual(90);
    for (let request = 0; request < 50; request += 1) await quotas.admitRequest({ tenantId: newId('tenant') });
    expect(await quotas.admitEvents(newId('tenant'), 5)).toEqual({ admitted: 5 });
    expect(performance.now() - started - first).toBeLessThan(900);
    silent.close();
  });
});

describe('two processes', () => {
  it('together admit no more than one would', async () => {
    const one = open();
    const tenantId = one.tenant({ requestsPerSecond: 0.1, requestsBurst: 20, eventsWaitingMax: 30 });
    const two = openQuotas({ redisUrl: server.url, prefix: one.prefix, source: one.source, storeTimeoutMs: 5_000 });
    opened.push(two);
    const both = [one.quotas, two];
    const requests = await Promise.all(
      both.flatMap((quotas) => Array.from({ length: 25 }, () => quotas.admitRequest({ tenantId }))),
    );
    expect(requests.filter(({ admitted }) => admitted)).toHaveLength(20);
    const events = await Promise.all(
      both.flatMap((quotas) => Array.from({ length: 10 }, () => quotas.admitEvents(tenantId, 4))),
    );
    expect(events.reduce((sum, { admitted }) => sum + admitted, 0)).toBe(30);
  });
});

describe('events', () => {
  it('are admitted as far as the budget goes, and the rest says which one ended', async () => {
    const { quotas, tenant } = open();
    const tenantId = tenant({ executionsPerMinute: 10 });
    expect(await quotas.admitEvents(tenantId, 7)).toEqual({ admitted: 7, inHandMax: 1_000 });
    const verdict = await quotas.admitEvents(tenantId, 7);
    expect(verdict).toMatchObject({ admitted: 3, reason: 'executions_per_minute' });
    expect(verdict.resetMs).toBeGreaterThan(0);
    expect(verdict.resetMs).toBeLessThanOrEqual(60_000);
    expect(await quotas.readmitEvents(tenantId, 1)).toMatchObject({ admitted: 0 });
  });

  const month = { executions: 90, instructions: 9_000_000 };
  it.each([
    ['executions_per_month', { executionsPerMonth: 100 }, 10],
    ['instructions_per_month', { instructionsPerMonth: 10_000_000 }, 10],
    ['events_waiting', { eventsWaitingMax: 5 }, 5],
    ['instructions_per_minute', { instructionsPerMinute: 400_000 }, 4],
  ] as const)('are held for %s', async (reason, limits, admitted) => {
    const { quotas, tenant } = open();
    expect(await quotas.admitEvents(tenant(limits, month), 50)).toMatchObject({ admitted, reason });
  });

  it('make room when they end, by what they really took', async () => {
    const { quotas, tenant } = open();
    const tenantId = tenant({ executionsPerMonth: 100 });
    expect(await quotas.admitEvents(tenantId, 1_000)).toMatchObject({ admitted: 100 });
    await quotas.report([{ tenantId, events: 100, executions: 20, instructions: 5 }]);
    // From now on an event is expected to take a fifth of an execution.
    expect(await quotas.admitEvents(tenantId, 1_000)).toMatchObject({ admitted: 400 });
    await quotas.report([{ tenantId, events: 400, executions: 80, instructions: 5 }]);
    expect(await quotas.admitEvents(tenantId, 1)).toMatchObject({ admitted: 0, reason: 'executions_per_month' });
  });

  it('are expected to take what synchronous runs took, which give back their room by themselves', async () => {
    const { quotas, tenant } = open();
    const tenantId = tenant({ instructionsPerMonth: 1_000_000, executionsPerMonth: 1_000 });
    await quotas.admitEvents(tenantId, 2);
    await quotas.report([{ tenantId, events: 0, runs: 10, executions: 20, instructions: 200_000 }]);
    expect(await quotas.admitEvents(tenantId, 1_000)).toMatchObject({ admitted: 38, reason: 'instructions_per_month' });
    await quotas.changePending(tenantId, -40);
    await quotas.report([{ tenantId, events: 5, runs: 5, executions: 20, instructions: 700_000 }]);
    // A fifth of 70,000 and four of 20,000.
    expect(await quotas.admitEvents(tenantId, 1_000)).toMatchObject({ admitted: 3 });
  });

  it('go one by one where a budget is smaller than what one is likely to take, and not never', async () => {
    const { quotas, tenant } = open();
    const tenantId = tenant({ instructionsPerMonth: 60_000 });
    expect(await quotas.admitEvents(tenantId, 8)).toMatchObject({ admitted: 1, reason: 'instructions_per_month' });
    expect(await quotas.admitEvents(tenantId, 8)).toMatchObject({ admitted: 0 });
    await quotas.report([{ tenantId, events: 1, executions: 1, instructions: 20_000 }]);
    expect(await quotas.admitEvents(tenantId, 8)).toMatchObject({ admitted: 2 });
    await quotas.report([{ tenantId, events: 2, executions: 2, instructions: 40_000 }]);
    expect(await quotas.admitEvents(tenantId, 8)).toMatchObject({ admitted: 0 });
    const nothing = tenant({ instructionsPerMonth: 0 });
    expect(await quotas.admitEvents(nothing, 8)).toMatchObject({ admitted: 0, reason: 'instructions_per_month' });
  });

  it('asks once what waits in a window, however many groups and budgets it has', async () => {
    const { quotas, fair, tenant } = open();
    const tenantId = tenant();
    const dueMs = Date.now() + 2 * 60_000;
    await fair.offer([{ id: newId('event'), tenantId, notBeforeMs: dueMs }]);
    await quotas.admitEvents(tenantId, 1);
    const counted = async () => Number(/cmdstat_zcount:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    const before = await counted();
    const minutes = Array.from({ length: 100 }, (_, index) => ({ count: 1, dueMs: dueMs + index * 60_000 }));
    await quotas.admitGroups(tenantId, [...minutes, ...minutes, { count: 1 }]);
    // A hundred minutes, the present one, and the months that they touch.
    expect((await counted()) - before).toBeLessThanOrEqual(103);
  });

  it('that may run later take no room from those that may run now: tomorrow held today up', async () => {
    const { quotas, fair, tenant } = open();
    const tenantId = tenant({ executionsPerMinute: 10, instructionsPerMinute: 10_000_000 });
    const dueMs = Date.now() + 3_600_000;
    expect(await quotas.admitGroups(tenantId, [{ count: 12, dueMs }, { count: 8 }])).toMatchObject([
      { admitted: 10, reason: 'executions_per_minute', resetMs: expect.any(Number) },
      { admitted: 8 },
    ]);
    const delayed = Array.from({ length: 10 }, () => ({ id: newId('event'), tenantId, notBeforeMs: dueMs }));
    await fair.offer(delayed);
    await quotas.changePending(tenantId, -8);
    // Nothing more goes into the minute that is full; one after it and the present one have all of their room.
    const groups = [{ count: 1, dueMs }, { count: 11, dueMs: dueMs + 60_000 }, { count: 11 }];
    expect((await quotas.admitGroups(tenantId, groups)).map(({ admitted }) => admitted)).toEqual([0, 10, 10]);
  });

  it('of a later month take no room from this one', async () => {
    const { quotas, fair, tenant } = open();
    const tenantId = tenant({ executionsPerMonth: 100 }, { executions: 90 });
    const dueMs = Date.now() + 32 * 24 * 3_600_000;
    const verdicts = await quotas.admitGroups(tenantId, [{ count: 200, dueMs }, { count: 20 }]);
    expect(verdicts.map(({ admitted }) => admitted)).toEqual([100, 10]);
    await fair.offer(Array.from({ length: 100 }, () => ({ id: newId('event'), tenantId, notBeforeMs: dueMs })));
    await quotas.changePending(tenantId, -10);
    expect(await quotas.admitEvents(tenantId, 20)).toMatchObject({ admitted: 10, reason: 'executions_per_month' });
  });

  it('that wait for a later time count among those that wait', async () => {
    const { quotas, tenant } = open();
    const tenantId = tenant({ eventsWaitingMax: 5 });
    const groups = [{ count: 4, dueMs: Date.now() + 3_600_000 }, { count: 4 }];
    expect(await quotas.admitGroups(tenantId, groups)).toMatchObject([
      { admitted: 4 },
      { admitted: 1, reason: 'events_waiting', resetMs: undefined },
    ]);
  });

  it('that were not kept after all make room again', async () => {
    const { quotas, tenant } = open();
    const tenantId = tenant({ eventsWaitingMax: 10 });
    await quotas.admitEvents(tenantId, 10);
    await quotas.changePending(tenantId, -4);
    expect(await quotas.admitEvents(tenantId, 10)).toMatchObject({ admitted: 4 });
    await quotas.changePending(tenantId, -1_000);
    expect(await quotas.admitEvents(tenantId, 50)).toMatchObject({ admitted: 10 });
  });

  it('that take nothing still end where a budget is used up', async () => {
    const { quotas, tenant } = open();
    const tenantId = tenant({ executionsPerMonth: 10 });
    await quotas.admitEvents(tenantId, 5);
    await quotas.report([{ tenantId, events: 5, executions: 0, instructions: 0 }]);
    expect(await quotas.admitEvents(tenantId, 50)).toEqual({ admitted: 50, inHandMax: 1_000 });
    await quotas.report([{ tenantId, events: 0, executions: 10, instructions: 0 }]);
    expect(await quotas.admitEvents(tenantId, 1)).toMatchObject({ admitted: 0 });
  });

  it('are admitted while Redis is away: nobody waits for ours', async () => {
    const { quotas } = open('redis://127.0.0.1:1');
    expect(await quotas.admitEvents(newId('tenant'), 12)).toEqual({ admitted: 12 });
    expect(await quotas.readmitEvents(newId('tenant'), 12)).toEqual({ admitted: 0 });
    expect(await quotas.report([{ tenantId: newId('tenant'), events: 1, executions: 1, instructions: 1 }])).toEqual([]);
  });
});

describe('warnings', () => {
  it('come once per window, from 80 % on', async () => {
    const { quotas, tenant } = open();
    const tenantId = tenant({ executionsPerMonth: 10 });
    const report = async (executions: number) => {
      await quotas.admitEvents(tenantId, 1);
      return quotas.report([{ tenantId, events: 1, executions, instructions: 1 }]);
    };
    expect(await report(7)).toEqual([]);
    expect(await report(1)).toEqual([
      { tenantId, quota: 'executions_per_month', used: 8, limit: 10, resetMs: expect.any(Number) },
    ]);
    expect(await report(1)).toEqual([]);
  });
});

describe('where a tenant stands', () => {
  it('is the same as what its requests are told', async () => {
    const { quotas, tenant } = open();
    const tenantId = tenant({ requestsPerSecond: 0.1, requestsBurst: 10, executionsPerMonth: 10 }, { executions: 8 });
    const { tenant: bucket } = await quotas.admitRequest({ tenantId });
    await quotas.admitEvents(tenantId, 1);
    const states = new Map((await quotas.states(tenantId)).map((state) => [state.name, state]));
    expect(states.get('requests')).toMatchObject({ limit: 10, used: 1, remaining: bucket?.remaining, warning: false });
    expect(states.get('executions_per_month')).toMatchObject({ limit: 10, used: 8, remaining: 2, warning: true });
    const nextMonth = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1)).getTime();
    const resetsAt = Date.parse(states.get('executions_per_month')?.resetsAt ?? '');
    expect(Math.abs(resetsAt - nextMonth)).toBeLessThan(1_000);
    expect(states.get('events_waiting')).toMatchObject({ used: 1 });
    expect(states.get('events_waiting')).not.toHaveProperty('resetsAt');
  });

  it('is read from Postgres when Redis was emptied', async () => {
    const { quotas, truth, tenant, asked, keys, fair } = open();
    const tenantId = tenant({ executionsPerMonth: 100 });
    await quotas.admitEvents(tenantId, 10);
    await quotas.report([{ tenantId, events: 10, executions: 10, instructions: 7 }]);
    const before = truth.get(tenantId);
    if (before !== undefined) truth.set(tenantId, { ...before, executions: 10, instructions: 7 });
    await redis.del(...(await keys()));
    await fair.offer(Array.from({ length: 3 }, () => ({ id: newId('event'), tenantId })));
    const states = new Map((await quotas.states(tenantId)).map((state) => [state.name, state.used]));
    expect(states.get('executions_per_month')).toBe(10);
    expect(states.get('instructions_per_month')).toBe(7);
    expect(states.get('events_waiting')).toBe(3);
    expect(asked).toEqual([tenantId, tenantId]);
  });

  it('has the bytes that are stored, and the events in hand', async () => {
    const { quotas, fair, tenant } = open();
    const tenantId = tenant();
    await fair.offer([{ id: newId('event'), tenantId }]);
    await fair.dispatch({ jobsMax: 1, eventsMax: 1 });
    const states = new Map((await quotas.states(tenantId)).map((state) => [state.name, state]));
    expect(states.get('stored_bytes')).toMatchObject({ used: 9_000_000_000, limit: 10_000_000_000, warning: true });
    expect(states.get('concurrent_executions')).toMatchObject({ used: 1, limit: 1_000 });
  });

  it('is what Postgres can tell while Redis is away', async () => {
    const { quotas, tenant } = open('redis://127.0.0.1:1');
    const states = await quotas.states(tenant({}, { executions: 5, instructions: 6 }));
    expect(states.map(({ name, used }) => [name, used])).toEqual([
      ['executions_per_month', 5],
      ['instructions_per_month', 6],
      ['stored_bytes', 9_000_000_000],
    ]);
  });

  it('is told to the fair queue again after a change, by one process', async () => {
    const { quotas, tenant } = open();
    expect([await quotas.claimShares(), await quotas.claimShares()]).toEqual([true, false]);
    await quotas.planChanged('gold', defaultQuotaLimits);
    expect([await quotas.claimShares(), await quotas.claimShares()]).toEqual([true, false]);
    await quotas.forgetTenant(tenant());
    expect(await quotas.claimShares()).toBe(true);
  });

  it('changes with the plan, at once and for all of its tenants', async () => {
    const { quotas, truth, tenant } = open();
    const tenantId = tenant({ executionsPerMonth: 1 });
    expect(await quotas.admitEvents(tenantId, 5)).toMatchObject({ admitted: 1 });
    await quotas.planChanged(truth.get(tenantId)?.plan ?? '', { ...defaultQuotaLimits, executionsPerMonth: 4 });
    expect(await quotas.admitEvents(tenantId, 5)).toMatchObject({ admitted: 3 });
  });

  it('is read again for a tenant that has another plan, whatever the plan is called', async () => {
    const { quotas, truth, tenant } = open();
    const tenantId = tenant({ executionsPerMonth: 1 });
    await quotas.admitEvents(tenantId, 1);
    const before = truth.get(tenantId);
    const limits = { ...defaultQuotaLimits, executionsPerMonth: 9 };
    if (before !== undefined) truth.set(tenantId, { ...before, plan: '007', limits });
    await quotas.forgetTenant(tenantId);
    expect(await quotas.admitEvents(tenantId, 50)).toMatchObject({ admitted: 9 });
    await quotas.planChanged('007', { ...limits, executionsPerMonth: 11 });
    expect(await quotas.admitEvents(tenantId, 50)).toMatchObject({ admitted: 2 });
  });
});
