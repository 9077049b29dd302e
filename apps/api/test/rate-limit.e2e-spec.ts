import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultQuotaLimits, type QuotaLimits } from '@tenon/contracts';
import { waitFor } from '@tenon/testing';
import { signShopify } from '@tenon/webhooks';
import { putPoint } from './support/points.js';
import { startTestApi, type TestApi } from './support/test-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

async function putPlan(name: string, quotas: Partial<QuotaLimits>): Promise<void> {
  const answer = await api.request({
    method: 'PUT',
    url: `/v1/plans/${name}`,
    key: api.operatorKey,
    payload: { quotas },
  });
  expect(answer.statusCode).toBe(200);
  expect(answer.json().quotas).toEqual({ ...defaultQuotaLimits, ...quotas });
}

async function tenantOn(plan: string) {
  const payload = { name: 'Shop', plan };
  const tenant = await api.request({ method: 'POST', url: '/v1/tenants', key: api.operatorKey, payload });
  const { key } = await api.createKey(tenant.json().id, ['executions:read', 'functions:read']);
  return { id: tenant.json().id, key };
}

const usageOf = (key: string) => api.request({ method: 'GET', url: '/v1/usage', key });
const functionsOf = (key: string) => api.request({ method: 'GET', url: '/v1/functions', key });

describe('the rate of requests', () => {
  it('is refused beyond the burst, with the time to wait, on every route, and comes back', async () => {
    await putPlan('slow', { requestsPerSecond: 2, requestsBurst: 3 });
    const { key } = await tenantOn('slow');
    const answers = [];
    for (let request = 0; request < 5; request += 1) answers.push(await functionsOf(key));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429, 429]);
    const [first] = answers;
    expect(first?.headers['ratelimit-policy']).toBe('"requests";q=3;w=2, "key_requests";q=40000;w=2');
    expect(first?.headers.ratelimit).toMatch(/^"requests";r=2;t=1, "key_requests";r=39999;t=\d$/);
    const refused = answers[4];
    expect(refused?.headers['retry-after']).toBe('1');
    expect(refused?.headers.ratelimit).toMatch(/^"requests";r=0;t=2/);
    expect(refused?.json()).toMatchObject({ code: 'rate_limited', status: 429 });
    expect((await usageOf(key)).statusCode).toBe(429);
    await waitFor('the next request to be admitted', async () => (await functionsOf(key)).statusCode === 200);
  });

  it('of one key leaves room for another of the same tenant', async () => {
    await putPlan('narrow', { keyRequestsPerSecond: 0.1, keyRequestsBurst: 2 });
    const { id, key } = await tenantOn('narrow');
    const statuses = [];
    for (let request = 0; request < 3; request += 1) statuses.push((await functionsOf(key)).statusCode);
    expect(statuses).toEqual([200, 200, 429]);
    const other = await api.createKey(id, ['functions:read']);
    expect((await functionsOf(other.key)).statusCode).toBe(200);
  });

  it('follows a change of the plan at once', async () => {
    await putPlan('changing', { requestsPerSecond: 0.1, requestsBurst: 1 });
    const { key } = await tenantOn('changing');
    expect([(await functionsOf(key)).statusCode, (await functionsOf(key)).statusCode]).toEqual([200, 429]);
    await putPlan('changing', { requestsPerSecond: 1_000, requestsBurst: 1_000 });
    // Under the old plan the next one would come in ten seconds; under the new one the burst refills in one.
    const admitted = async () => (await functionsOf(key)).statusCode === 200;
    await waitFor('the new rate', admitted, { timeoutMs: 2_000 });
  });

  it('is not spent by an operator who acts for the tenant', async () => {
    await putPlan('one', { requestsPerSecond: 0.1, requestsBurst: 1 });
    const { id, key } = await tenantOn('one');
    for (let request = 0; request < 3; request += 1) {
      const headers = { 'tenant-id': id };
      const seen = await api.request({ method: 'GET', url: '/v1/functions', key: api.operatorKey, headers });
      expect(seen.statusCode).toBe(200);
      expect(seen.headers['ratelimit-policy']).toBe('"key_requests";q=40000;w=2');
    }
    expect((await functionsOf(key)).statusCode).toBe(200);
  });

  it('is that of the tenant for its webhooks, which were all told to come again in a second', async () => {
    await putPoint(api, 'discounts', ['cart.updated']);
    await putPlan('webhooks', { requestsPerSecond: 0.1, requestsBurst: 1 });
    const { id } = await tenantOn('webhooks');
    const secret = 'shpss_0123456789abcdef0123456789abcdef';
    const payload = { name: 'shop', scheme: 'shopify', secret, mapping: { fallback: 'cart.updated' } };
    const asTenant = { key: api.operatorKey, headers: { 'tenant-id': id } };
    const source = await api.request({ method: 'POST', url: '/v1/webhook-sources', payload, ...asTenant });
    const body = '{"total":1}';
    const headers = {
      'content-type': 'application/json',
      'x-shopify-topic': 'carts/update',
      'x-shopify-event-id': 'one',
      'x-shopify-hmac-sha256': signShopify(Buffer.from(secret), Buffer.from(body)),
    };
    const deliver = () => api.request({ method: 'POST', url: source.json().path, payload: body, headers });
    expect((await deliver()).statusCode).toBe(202);
    const refused = await deliver();
    const waitS = Number(refused.headers['retry-after']);
    expect(refused.statusCode).toBe(429);
    expect(waitS).toBeGreaterThan(1);
    expect(waitS).toBeLessThanOrEqual(10);
    expect(refused.json().detail).toContain(`in ${waitS} s`);
  });

  it.each([
    ['requestsPerSecond', 0],
    ['requestsBurst', 1.5],
    ['weight', 0],
    ['executionsPerMonth', -1],
    ['eventsWaitingMax', 'many'],
    ['typo', 1],
  ])('cannot be set to nonsense: %s %p', async (name, value) => {
    const payload = { quotas: { [name]: value } };
    const answer = await api.request({ method: 'PUT', url: '/v1/plans/odd', key: api.operatorKey, payload });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_request']);
    expect(answer.json().errors[0].pointer).toMatch(/^\/body\/quotas/);
  });
});

describe('usage', () => {
  it('says the same as the RateLimit fields beside it', async () => {
    await putPlan('shown', { requestsPerSecond: 0.1, requestsBurst: 10, executionsPerMonth: 500 });
    const { key } = await tenantOn('shown');
    const answer = await usageOf(key);
    const { quotas } = answer.json();
    expect(quotas.map(({ name }: { name: string }) => name)).toEqual([
      'requests',
      'executions_per_minute',
      'executions_per_month',
      'instructions_per_minute',
      'instructions_per_month',
      'events_waiting',
      'concurrent_executions',
      'stored_bytes',
    ]);
    const fields = String(answer.headers.ratelimit).split(', ');
    expect(fields.map((field) => field.split(';')[0])).toEqual(quotas.map(({ name }: { name: string }) => `"${name}"`));
    expect(quotas[0]).toMatchObject({ limit: 10, used: 1, remaining: 9, warning: false });
    expect(fields[0]).toBe('"requests";r=9;t=10');
    expect(quotas[2]).toMatchObject({ limit: 500, used: 0, remaining: 500 });
    expect(fields[2]).toMatch(/^"executions_per_month";r=500;t=\d+$/);
  });
});
