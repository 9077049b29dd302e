import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

const token = 'token-of-a-scraper-of-this-test-00001';
let api: TestApi;
let tenant: TestTenant;

beforeAll(async () => {
  api = await startTestApi({ metricsToken: token });
  tenant = await api.createTenant();
});
afterAll(() => api.close());

const scrape = (key: string | undefined) => api.request({ method: 'GET', url: '/metrics', key });

test('requests are counted by route and status, whatever their address', async () => {
  await api.request({ method: 'GET', url: '/v1/functions/nothing-here', key: tenant.key });
  await api.request({ method: 'GET', url: '/v1/no-such-route/4711' });
  const answer = await scrape(token);
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  expect(answer.body).toMatch(
    /^tenon_http_request_duration_seconds_count\{process="api",method="GET",route="\/v1\/functions\/:name",status="404"\} 1$/m,
  );
  expect(answer.body).toMatch(/^tenon_http_requests_in_flight\{process="api"\} 1$/m);
  expect(answer.body).toMatch(/^nodejs_eventloop_lag_seconds\{process="api"\} /m);
  expect(answer.body).not.toContain('nothing-here');
  expect(answer.body).not.toContain('4711');
});

test('no series names a tenant, a key or a person', async () => {
  const { body } = await scrape(token);
  for (const id of [tenant.id, tenant.key]) expect(body).not.toContain(id);
  expect(body).not.toMatch(/\b(?:tnt|key|usr|fn|ver|evt|exe)_[0-7][0-9a-z]{25}\b/);
  const labels = new Set([...body.matchAll(/[{,]([a-z_]+)="/g)].map((match) => match[1]));
  expect([...labels].filter((label) => /tenant|key|user|function/.test(label ?? ''))).toEqual([]);
});

test('an operator key opens them as well, and nothing else does', async () => {
  expect((await scrape(api.operatorKey)).statusCode).toBe(200);
  expect((await scrape(tenant.key)).json().code).toBe('insufficient_scope');
  for (const key of [undefined, 'nonsense', `${token}x`]) expect((await scrape(key)).statusCode).toBe(401);
});

test('the token of the scraper opens nothing else', async () => {
  expect((await api.request({ method: 'GET', url: '/v1/tenants', key: token })).statusCode).toBe(401);
});

test('without a token of its own only an operator key opens them', async () => {
  const closed = await startTestApi();
  const answer = await closed.request({ method: 'GET', url: '/metrics', key: 'undefined' });
  await closed.close();
  expect(answer.statusCode).toBe(401);
});
