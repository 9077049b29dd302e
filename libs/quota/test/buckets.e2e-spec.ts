import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultQuotaLimits, type Id, newId, type QuotaLimits } from '@tenon/contracts';
import { openQuotas, type Quotas } from '@tenon/quota';
import { createTestRedis, type TestRedis, waitFor } from '@tenon/testing';
import fc from 'fast-check';

let server: TestRedis;
let quotas: Quotas;
/** Another process. */
let others: Quotas;
const plans = new Map<Id<'tenant'>, QuotaLimits>();

beforeAll(async () => {
  server = await createTestRedis();
  const read = async (tenantId: Id<'tenant'>) => {
    const limits = plans.get(tenantId) ?? defaultQuotaLimits;
    return { plan: `plan-${tenantId}`, limits, executions: 0, instructions: 0 };
  };
  const source = { read, storedBytes: async () => 0 };
  const options = { redisUrl: server.url, prefix: server.prefix, source, storeTimeoutMs: 5_000 };
  quotas = openQuotas(options);
  others = openQuotas(options);
});
afterAll(async () => {
  await quotas.close();
  await others.close();
  await server.close();
});

/** A tenant of its own per run, so that runs do not share buckets. */
function tenantWith(limits: Partial<QuotaLimits>): Id<'tenant'> {
  const id = newId('tenant');
  plans.set(id, { ...defaultQuotaLimits, ...limits });
  return id;
}

describe('whatever the rate, the burst and the order of requests', () => {
  const rates = fc.double({ min: 0.1, max: 500, noNaN: true });
  const bursts = fc.integer({ min: 1, max: 40 });
  const waves = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 });

  it('no more are admitted than the burst and what refilled meanwhile, and all of that', async () => {
    const run = fc.asyncProperty(rates, bursts, waves, async (requestsPerSecond, requestsBurst, sizes) => {
      const tenantId = tenantWith({ requestsPerSecond, requestsBurst });
      await quotas.states(tenantId);
      const started = performance.now();
      let admitted = 0;
      for (const size of sizes) {
        const verdicts = await Promise.all(Array.from({ length: size }, () => quotas.admitRequest({ tenantId })));
        admitted += verdicts.filter((verdict) => verdict.admitted).length;
      }
      const asked = sizes.reduce((sum, size) => sum + size, 0);
      // A hundredth of a request is forgiven; a millisecond is the grain of two clocks.
      const refilled = ((performance.now() - started + 1) * requestsPerSecond) / 1_000 + 0.02;
      expect(admitted).toBeLessThanOrEqual(Math.min(asked, requestsBurst + refilled));
      expect(admitted).toBeGreaterThanOrEqual(Math.min(asked, requestsBurst));
    });
    await fc.assert(run, { numRuns: 60 });
  });

  it('a caller who waits as long as it was told is admitted', async () => {
    const run = fc.asyncProperty(
      fc.double({ min: 20, max: 400, noNaN: true }),
      bursts,
      async (requestsPerSecond, requestsBurst) => {
        const tenantId = tenantWith({ requestsPerSecond, requestsBurst });
        const all = () =>
          Promise.all(Array.from({ length: requestsBurst + 1 }, () => quotas.admitRequest({ tenantId })));
        const refused = (await all()).find(({ admitted }) => !admitted);
        if (refused === undefined) return;
        const until = performance.now() + refused.retryAfterMs + 1;
        while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
        expect((await quotas.admitRequest({ tenantId })).admitted).toBe(true);
      },
    );
    await fc.assert(run, { numRuns: 25 });
  });
});

describe('requests that are taken in advance', () => {
  const wave = fc.record({ here: fc.nat({ max: 60 }), there: fc.nat({ max: 60 }), pause: fc.boolean() });

  it('let no more in than the burst, by one process or two, and are given back where they do not come', async () => {
    const run = fc.asyncProperty(fc.array(wave, { minLength: 1, maxLength: 8 }), async (waves) => {
      const requestsBurst = 500;
      const tenantId = tenantWith({ requestsPerSecond: 0.01, requestsBurst });
      await quotas.states(tenantId);
      let admitted = 0;
      const ask = async (by: Quotas, requests: number) => {
        for (let request = 0; request < requests; request += 1) {
          if ((await by.admitRequest({ tenantId })).admitted) admitted += 1;
        }
      };
      for (const { here, there, pause } of waves) {
        await Promise.all([ask(quotas, here), ask(others, there)]);
        if (pause) await new Promise((resolve) => setImmediate(resolve));
      }
      await waitFor('all of the burst to have been had', async () => {
        await Promise.all([ask(quotas, 50), ask(others, 50)]);
        expect(admitted).toBeLessThanOrEqual(requestsBurst);
        return admitted === requestsBurst;
      });
      await Promise.all([ask(quotas, 50), ask(others, 50)]);
      expect(admitted).toBe(requestsBurst);
    });
    await fc.assert(run, { numRuns: 10 });
  });

  it('spare a caller that asks a lot most of its round trips, and say what is left as if there were none', async () => {
    const tenantId = tenantWith({ requestsPerSecond: 0.01, requestsBurst: 10_000 });
    const left: Array<number | undefined> = [];
    for (let request = 0; request < 2_000; request += 1) {
      left.push((await quotas.admitRequest({ tenantId })).tenant?.remaining);
    }
    expect(left).toEqual(Array.from({ length: 2_000 }, (_, index) => 9_999 - index));
  });
});
