import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { executionIdFor, type Id, newId } from '@tenon/contracts';
import { Database, type ExecutionRecord } from '@tenon/database';
import { openDiskStorage } from '@tenon/storage';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

let api: TestApi;
let tenant: TestTenant;
let recorder: Database;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
  recorder = await Database.open({ url: api.databaseUrl, applicationName: 'test', uses: ['app', 'recorder'] });
});

afterAll(async () => {
  await recorder?.close();
  await api?.close();
});

async function record(change: Partial<ExecutionRecord>): Promise<Id<'execution'>> {
  const [eventId, functionId]: [Id<'event'>, Id<'function'>] = [newId('event'), newId('function')];
  const id = executionIdFor(eventId, functionId, 1);
  const what = { functionId, functionName: 'discount', versionId: newId('version'), extensionPoint: 'discounts' };
  const figures = { instructionsUsed: 1, fuelUsed: 1, memoryBytesPeak: 1, cpuUs: 1, wallUs: 5_000 };
  const run = { id, kind: 'event', eventId, ...what, attempt: 1, outcome: 'succeeded', message: 'It did.' } as const;
  const rest = { log: '', logBytesDropped: 0, clockMs: 1, seed: 'ab'.repeat(32), startedAt: new Date() };
  await recorder.recorder.record(tenant.id, { executions: [{ ...run, ...figures, ...rest, ...change }] });
  return id;
}

const get = (path: string) => api.request({ method: 'GET', url: path, key: tenant.key });

test('an input and an output that are kept in the storage are shown like any other', async () => {
  const storage = await openDiskStorage(api.storageFolder);
  const [input, output] = [JSON.stringify({ long: 'i'.repeat(70_000) }), JSON.stringify({ long: 'o'.repeat(70_000) })];
  const sha256Of = (text: string) => createHash('sha256').update(text).digest('hex');
  for (const text of [input, output]) await storage.put(Buffer.from(text), { bytesMax: 100_000 });
  const places = { inputPlace: 'storage', outputPlace: 'storage' } as const;
  const id = await record({ ...places, inputSha256: sha256Of(input), outputSha256: sha256Of(output), position: 2 });
  const answer = (await get(`/v1/executions/${id}`)).json();
  expect(answer).toMatchObject({ input: JSON.parse(input), output: JSON.parse(output), position: 2 });
  expect(answer.inputSha256).toBe(sha256Of(input));
});

test('statistics count what was recorded a moment ago, and name the function', async () => {
  const before = (await get('/v1/executions/statistics')).json().series[0]?.total.executions ?? 0;
  await record({ input: '{}', output: '{}' });
  const { bucketSeconds, series } = (await get('/v1/executions/statistics')).json();
  expect(bucketSeconds).toBe(3_600);
  expect(series[0].total).toMatchObject({ executions: before + 1, wallUs: { max: 5_000, p50: expect.any(Number) } });
});

test.each(['1m', '5m', '15m', '1h', '6h', '1d'])(
  'statistics by %s need no times: nothing but hours could be asked for',
  async (bucket) => {
    const answer = await get(`/v1/executions/statistics?bucket=${bucket}`);
    expect(answer.statusCode).toBe(200);
  },
);

test.each([
  ['a span that ends before it starts', 'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', '/query/from'],
  ['minutes of half a day', 'bucket=1m&from=2026-01-01T00:00:00Z&to=2026-01-01T12:00:00Z', '/query/from'],
  ['quarters of an hour of a day', 'bucket=15m&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z', '/query/from'],
  ['hours of a month', 'bucket=1h&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z', '/query/from'],
  ['an outcome that is no fault of the guest', 'outcome=succeeded&fault=guest', '/query/outcome'],
  ['a duration, which sums can not tell', 'wallUsMin=2', '/query'],
])('statistics of %s are refused by name', async (_what, query, pointer) => {
  const answer = await get(`/v1/executions/statistics?${query}`);
  expect(answer.statusCode).toBe(400);
  expect(answer.json().errors[0].pointer).toBe(pointer);
});

test('a list of at least more than at most is refused by name', async () => {
  const answer = await get('/v1/executions?wallUsMin=2&wallUsMax=1');
  expect([answer.statusCode, answer.json().errors[0].pointer]).toEqual([400, '/query/wallUsMin']);
});

test('a list can be asked for by duration, fault and text of logs', async () => {
  const id = await record({ outcome: 'trap', wallUs: 77_000, log: 'Tier A was 100% wrong' });
  await record({ outcome: 'trap', wallUs: 70_000 });
  for (const query of ['wallUsMin=75000&fault=guest', 'log=100%25%20WRONG', 'outcome=trap&log=tier%20a']) {
    const { items } = (await get(`/v1/executions?${query}`)).json();
    expect(items.map((item: { id: string }) => item.id)).toEqual([id]);
  }
});

test('a search for NUL in logs, which no text in Postgres can hold, is refused and not a failure', async () => {
  const answer = await get('/v1/executions?log=order%00');
  expect(answer.statusCode).toBe(400);
  expect(answer.json().errors).toEqual([{ pointer: '/query/log', message: 'expected text without NUL' }]);
});
