import { Agent, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitFor } from '@tenon/testing';
import { putPoint } from './support/points.js';
import { startTestApi, type TestApi } from './support/test-api.js';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
  await putPoint(api, 'discounts', ['cart.updated']);
  await api.app.listen(0, '127.0.0.1');
});
afterAll(() => api.close());

test('bug: a request in flight held a closing api open until its keep-alive ran out', async () => {
  const tenant = await api.createTenant();
  const agent = new Agent({ keepAlive: true });
  const body = JSON.stringify({ specversion: '1.0', id: '1', source: '/s', type: 'cart.updated', data: { total: 1 } });
  const call = httpRequest(new URL('/v1/events', await api.app.getUrl()), {
    method: 'POST',
    agent,
    headers: {
      authorization: `Bearer ${tenant.key}`,
      'content-type': 'application/cloudevents+json',
      'content-length': Buffer.byteLength(body),
    },
  });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    call.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode)));
    call.on('error', reject);
  });
  call.write(body.slice(0, 10));
  const { server } = api.app.getHttpAdapter().getInstance();
  await waitFor('the request to arrive', async () => (await connections(server)) === 1);
  const startedMs = performance.now();
  const closed = server.listening ? api.app.close() : Promise.reject(new Error('not listening'));
  await waitFor('the server to stop listening', () => !server.listening);
  call.end(body.slice(10));
  expect(await answered).toBe(202);
  await closed;
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  agent.destroy();
});

function connections(server: { getConnections(callback: (error: Error | null, count: number) => void): void }) {
  return new Promise<number>((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
