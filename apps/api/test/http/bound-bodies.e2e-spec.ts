import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId, requestLimits } from '@tenon/contracts';
import { waitFor } from '@tenon/testing';
import { bodyRoomSettings } from '../../src/http/body-room.js';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

let api: TestApi;
let tenant: TestTenant;
let other: TestTenant;
let port: number;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
  other = await api.createTenant('Other shop');
  await api.app.listen(0, '127.0.0.1');
  const address = api.app.getHttpServer().address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => api.close());

/** Opens a request that announces `bytes` and sends `part` of them. */
async function begin(path: string, bytes: number, key?: string, part = '['): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  const authorization = key === undefined ? [] : [`Authorization: Bearer ${key}`];
  const lines = ['Host: test', 'Content-Type: application/cloudevents-batch+json', `Content-Length: ${bytes}`];
  socket.write([`POST ${path} HTTP/1.1`, ...lines, ...authorization, '', part].join('\r\n'));
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** What comes first on a connection. */
function answerOn(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1'))));
}

const whole = requestLimits.jsonBodyBytesMax;

/** Probes with a large body whether `key` has room. */
async function isRefused(key: string): Promise<string | undefined> {
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  const payload = `[${' '.repeat(bodyRoomSettings.smallBytesMax)}]`;
  const answer = await api.request({ method: 'POST', url: '/v1/events', key, headers, payload });
  return answer.statusCode === 400 ? undefined : answer.json().code;
}

test('bodies that would fill the memory are refused before they are read; others go on, and hanging up makes room', async () => {
  // One more than has room, whichever comes last.
  const bodies = Math.floor((bodyRoomSettings.callersBytesMax * bodyRoomSettings.share) / whole) + 1;
  const open = await Promise.all(Array.from({ length: bodies }, () => begin('/v1/events', whole, tenant.key)));
  const answer = await Promise.race(open.map(answerOn));
  expect(answer).toMatch(/^HTTP\/1\.1 429 /);
  expect(answer).toMatch(/^retry-after: 1\r$/m);
  expect(await isRefused(other.key)).toBeUndefined();
  const small = await api.request({ method: 'GET', url: '/v1/functions', key: tenant.key });
  expect(small.statusCode).toBe(200);
  for (const socket of open) socket.destroy();
  await waitFor('the places to be free', async () => (await isRefused(tenant.key)) === undefined);
});

test('a body of unknown length counts as the largest, and an answer gives its place back', async () => {
  for (let time = 0; time < 20; time += 1) {
    const socket = connect(port, '127.0.0.1');
    const head = ['POST /v1/events HTTP/1.1', 'Host: test', 'Content-Type: application/json', 'Connection: close'];
    socket.write([...head, 'Transfer-Encoding: chunked', `Authorization: Bearer ${tenant.key}`, '', ''].join('\r\n'));
    socket.write('1\r\n{\r\n0\r\n\r\n');
    expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 400 /);
  }
});

test('strangers have a room of their own', async () => {
  const path = `/v1/webhooks/${newId('webhookSource')}`;
  const bytes = 1_000_000;
  const bodies = Math.floor((bodyRoomSettings.strangersBytesMax * bodyRoomSettings.share) / bytes) + 1;
  const open = await Promise.all(Array.from({ length: bodies }, () => begin(path, bytes)));
  expect(await Promise.race(open.map(answerOn))).toMatch(/^HTTP\/1\.1 429 /);
  expect(await isRefused(tenant.key)).toBeUndefined();
  for (const socket of open) socket.destroy();
});
