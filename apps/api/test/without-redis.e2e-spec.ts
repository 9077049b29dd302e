import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { putPoint } from './support/points.js';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

let api: TestApi;
let tenant: TestTenant;

beforeAll(async () => {
  // Port 1 is never anybody's: connections are refused at once.
  api = await startTestApi({ redisUrl: 'redis://127.0.0.1:1' });
  tenant = await api.createTenant();
  await putPoint(api, 'discounts', ['cart.updated']);
});
afterAll(() => api.close());

test('without Redis events and uploads are still taken, because Postgres is the truth, and readiness says so', async () => {
  const payload = { specversion: '1.0', id: '1', source: '/s', type: 'cart.updated', data: { total: 1 } };
  const sent = await api.request({ method: 'POST', url: '/v1/events', key: tenant.key, payload });
  expect(sent.statusCode).toBe(202);
  const body = { name: 'f', extensionPoint: 'discounts' };
  await api.request({ method: 'POST', url: '/v1/functions', key: tenant.key, payload: body });
  const uploaded = await api.request({
    method: 'POST',
    url: '/v1/functions/f/versions',
    key: tenant.key,
    headers: { 'content-type': 'application/wasm' },
    payload: Buffer.from('module'),
  });
  expect(uploaded.statusCode).toBe(202);
  const ready = await api.request({ method: 'GET', url: '/readyz' });
  expect([ready.statusCode, ready.json().checks]).toEqual([503, { postgres: 'ok', redis: 'failed', storage: 'ok' }]);
});
