import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import { Database } from '@tenon/database';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

let api: TestApi;
let tenant: TestTenant;
let recorder: Database;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
  recorder = await Database.open({ url: api.databaseUrl, applicationName: 'test', uses: ['recorder'] });
});
afterAll(async () => {
  await recorder?.close();
  await api?.close();
});

const get = (id: Id<'execution'>) => api.request({ method: 'GET', url: `/v1/executions/${id}`, key: tenant.key });

async function record(id: Id<'execution'>): Promise<void> {
  const what = { functionId: newId('function'), functionName: 'discount', versionId: newId('version') };
  const figures = { instructionsUsed: 1, fuelUsed: 1, memoryBytesPeak: 1, cpuUs: 1, wallUs: 5_000 };
  const run = { id, kind: 'sync', extensionPoint: 'discounts', attempt: 1, outcome: 'succeeded', message: '' } as const;
  const rest = { log: '', logBytesDropped: 0, clockMs: 1, seed: 'ab'.repeat(32), startedAt: new Date() };
  await recorder.recorder.record(tenant.id, { executions: [{ ...run, ...what, ...figures, ...rest }] });
}

describe('an execution that is not in Postgres', () => {
  it('is waited for where its run may have been answered a moment ago', async () => {
    const id = newId('execution');
    const [answer] = await Promise.all([get(id), record(id)]);
    expect(answer.statusCode).toBe(200);
  });

  it('is not waited for where its id says that it is older, or of a time to come', async () => {
    const startMs = performance.now();
    expect((await get(newId('execution'))).statusCode).toBe(404);
    const youngMs = performance.now() - startMs;
    for (const ageMs of [60_000, -60_000]) {
      const againMs = performance.now();
      expect((await get(newId('execution', Date.now() - ageMs))).statusCode).toBe(404);
      expect(performance.now() - againMs).toBeLessThan(youngMs);
    }
  });
});
