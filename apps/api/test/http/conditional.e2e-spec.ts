import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from '../support/test-api.js';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const put = (name: string, functionsMax: number, headers: Record<string, string> = {}) =>
  api.request({
    method: 'PUT',
    url: `/v1/plans/${name}`,
    key: api.operatorKey,
    headers,
    payload: { functionsMax },
  });
const get = (name: string, headers: Record<string, string> = {}) =>
  api.request({ method: 'GET', url: `/v1/plans/${name}`, key: api.operatorKey, headers });

test('a read has a tag, and whoever has it already gets 304 without a body', async () => {
  await put('read', 1);
  const first = await get('read');
  const tag = String(first.headers.etag);
  expect(tag).toMatch(/^"[A-Za-z0-9_-]{22}"$/);
  for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
    const again = await get('read', { 'if-none-match': known });
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', tag]);
    expect(again.headers).not.toHaveProperty('content-type');
  }
  for (const unknown of ['"other"', 'nonsense']) {
    expect((await get('read', { 'if-none-match': unknown })).statusCode).toBe(200);
  }
});

test('a list has a tag that changes with it', async () => {
  const list = (headers = {}) => api.request({ method: 'GET', url: '/v1/tenants', key: api.operatorKey, headers });
  const before = await list();
  const tag = String(before.headers.etag);
  expect((await list({ 'if-none-match': tag })).statusCode).toBe(304);
  await api.createTenant('One more');
  expect((await list({ 'if-none-match': tag })).statusCode).toBe(200);
});

test('the tag of a put is that of the next read', async () => {
  const written = await put('written', 7);
  expect(written.headers.etag).toBe((await get('written')).headers.etag);
});

test('of two who change what both have read, the second is refused and nothing of theirs is kept', async () => {
  const { etag } = (await put('shared', 1)).headers;
  const tag = String(etag);
  expect((await put('shared', 2, { 'if-match': tag })).statusCode).toBe(200);
  const late = await put('shared', 3, { 'if-match': tag });
  expect([late.statusCode, late.json().code]).toEqual([412, 'precondition_failed']);
  expect((await get('shared')).json().functionsMax).toBe(2);
});

test('of many who change it at once, exactly one wins', async () => {
  const tag = String((await put('race', 1)).headers.etag);
  const racers = Array.from({ length: 6 }, (_, index) => put('race', index + 2, { 'if-match': tag }));
  const statuses = (await Promise.all(racers)).map((answer) => answer.statusCode);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  expect(statuses.filter((status) => status === 412)).toHaveLength(5);
});

test('of many who create it at once, exactly one does', async () => {
  const racers = Array.from({ length: 6 }, (_, index) => put('created-once', index + 1, { 'if-none-match': '*' }));
  const statuses = (await Promise.all(racers)).map((answer) => answer.statusCode);
  expect(statuses.sort()).toEqual([200, 412, 412, 412, 412, 412]);
});

test('what is not there matches nothing', async () => {
  expect((await put('never', 1, { 'if-match': '*' })).statusCode).toBe(412);
  expect((await get('never')).statusCode).toBe(404);
});

test('a condition that is no condition is refused rather than ignored', async () => {
  const answer = await put('odd', 1, { 'if-match': 'abc' });
  expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/header/if-match' }] });
});
