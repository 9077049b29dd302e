import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from './support/test-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

describe('x', () => {
  test('y', async () => {
    const answer = await api.request({ method: 'GET', url: '/openapi.json' });
    writeFileSync('/tmp/openapi.json', JSON.stringify(answer.json(), null, 1));
    for (const url of [
      '/docs',
      '/docs/',
      '/docs/swagger-ui-init.js',
      '/docs/swagger-ui.css',
      '/docs/nope',
      '/docs/../package.json',
      '/nope',
      '/v1/events',
      '/readyz',
      '/v1/problems',
    ]) {
      const r = await api.request({ method: 'GET', url });
      console.log(url, r.statusCode, JSON.stringify(r.headers), r.body.slice(0, 200));
    }
    expect(answer.statusCode).toBe(200);
  });
});
