import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BuildReport, type Id, ProblemError } from '@tenon/contracts';
import { sha256Of } from '@tenon/storage';
import { waitFor } from '@tenon/testing';
import { putPoint } from './support/points.js';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

let api: TestApi;
let tenant: TestTenant;
let origin: URL;

beforeAll(async () => {
  api = await startTestApi({
    worker: { testRun: () => Promise.reject(new ProblemError('unavailable', 'No worker answered; try again.')) },
  });
  tenant = await api.createTenant();
  await putPoint(api, 'discounts', ['cart.updated']);
  await api.request({
    method: 'POST',
    url: '/v1/functions',
    key: tenant.key,
    payload: { name: 'volume', extensionPoint: 'discounts' },
  });
  await api.app.listen(0, '127.0.0.1');
  origin = new URL(await api.app.getUrl());
});
afterAll(() => api.close());

const url = '/v1/functions/volume/versions';

function upload(payload: Buffer | Readable, headers: Record<string, string> = {}) {
  return api.request({
    method: 'POST',
    url,
    key: tenant.key,
    headers: { 'content-type': 'application/wasm', ...headers },
    payload,
  });
}

async function uploaded(bytes: string): Promise<Id<'version'>> {
  return (await upload(Buffer.from(bytes))).json().id;
}

async function finish(id: Id<'version'>): Promise<void> {
  const outcome = { status: 'failed', failure: 'not built in this test' } as const;
  await api.database.withTenant(tenant.id, (tx) => tx.versions.finishBuild(id, outcome));
}

async function makeReady(id: Id<'version'>): Promise<void> {
  const artifact = { artifactSha256: 'a'.repeat(64), artifactBytes: 1, engine: 'test' };
  await api.database.withTenant(tenant.id, (tx) =>
    tx.versions.finishBuild(id, { status: 'ready', report, ...artifact }),
  );
}

const report: BuildReport = {
  abi: 'wasi-command',
  abiReason: 'it exports _start',
  moduleBytes: 8,
  artifactBytes: 1,
  meteringBytesAdded: 0,
  coreModules: 1,
  functions: 0,
  sections: [],
  biggestFunctions: [],
  imports: [],
  exports: [],
  toolchain: [],
  features: [],
  memoryBytesInitial: 0,
  warnings: [],
};

const leftOvers = async () => (await readdir(path.join(api.storageFolder, 'incoming'))).length;

describe('uploads', () => {
  test('a module is stored under its content address and waits for its build', async () => {
    const bytes = Buffer.from('\0asm not really');
    const answer = await upload(bytes);
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toMatchObject({
      function: 'volume',
      status: 'building',
      sha256: sha256Of(bytes),
      bytes: bytes.length,
      report: null,
    });
    const shown = await api.request({ method: 'GET', url: `${url}/${answer.json().id}`, key: tenant.key });
    expect(shown.json()).toEqual(answer.json());
    const list = await api.request({ method: 'GET', url, key: tenant.key });
    expect(list.json().items[0]).toEqual(answer.json());
  });

  test('16 MB pass, one byte more does not, and nothing is left of it', async () => {
    expect((await upload(Buffer.alloc(16_000_000))).statusCode).toBe(202);
    expect((await upload(Buffer.alloc(16_000_001))).json().code).toBe('payload_too_large');
    const chunks = Readable.from(Array.from({ length: 17 }, () => Buffer.alloc(1_000_000)));
    const streamed = await upload(chunks);
    expect(streamed.statusCode).toBe(413);
    expect(await leftOvers()).toBe(0);
  });

  test('the same module twice at once is one object and two versions', async () => {
    const bytes = Buffer.alloc(1_000_000, 3);
    const [a, b] = await Promise.all([upload(bytes), upload(bytes)]);
    expect(a?.json().sha256).toBe(b?.json().sha256);
    expect(a?.json().id).not.toBe(b?.json().id);
    expect(await leftOvers()).toBe(0);
  });

  test('an empty body, another media type and an encoded body are refused', async () => {
    expect((await upload(Buffer.alloc(0))).json().code).toBe('invalid_request');
    expect((await upload(Readable.from([]))).json().code).toBe('invalid_request');
    expect((await upload(Buffer.from('{}'), { 'content-type': 'application/json' })).statusCode).toBe(415);
    expect((await upload(Buffer.from('x'), { 'content-type': 'image/png' })).statusCode).toBe(415);
    expect((await upload(Buffer.from('x'), { 'content-encoding': 'gzip' })).statusCode).toBe(415);
    expect(await leftOvers()).toBe(0);
  });

  test('an upload that is cut off in the middle leaves no file and no version', async () => {
    const before = (await api.request({ method: 'GET', url, key: tenant.key })).json().items.length;
    const call = httpRequest(new URL(url, origin), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tenant.key}`,
        'content-type': 'application/wasm',
        'content-length': 1_000_000,
      },
    });
    call.on('error', () => {});
    call.write(Buffer.alloc(400_000));
    await waitFor('the upload to begin', async () => (await leftOvers()) === 1);
    call.destroy();
    await waitFor('the file to go', async () => (await leftOvers()) === 0);
    const after = (await api.request({ method: 'GET', url, key: tenant.key })).json().items.length;
    expect(after).toBe(before);
  });

  test('a body longer than it says is cut where it said, and the rest is no request', async () => {
    const socket = connect(Number(origin.port), '127.0.0.1');
    const head = ['POST /v1/functions/volume/versions HTTP/1.1', 'host: x', `authorization: Bearer ${tenant.key}`];
    socket.write([...head, 'content-type: application/wasm', 'content-length: 3', '', 'abcdefgh'].join('\r\n'));
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 (202|400)/);
    expect(answer).toContain('HTTP/1.1 400');
    expect(await leftOvers()).toBe(0);
  });

  test('an upload for a function that is not there is refused before it is read', async () => {
    const answer = await api.request({
      method: 'POST',
      url: '/v1/functions/nope/versions',
      key: tenant.key,
      headers: { 'content-type': 'application/wasm' },
      payload: Buffer.from('x'),
    });
    expect(answer.statusCode).toBe(404);
  });
});

describe('going live', () => {
  const call = (action: string, payload?: object) =>
    api.request({
      method: 'POST',
      url: `/v1/functions/volume/${action}`,
      key: tenant.key,
      ...(payload && { payload }),
    });

  test('a version that is not ready cannot go live or be tested', async () => {
    const building = await uploaded('building');
    expect((await call('activate', { version: building })).json().code).toBe('version_not_ready');
    expect((await call(`versions/${building}/test`, { input: {} })).json().code).toBe('version_not_ready');
    await finish(building);
    expect((await call('activate', { version: building })).json().code).toBe('version_not_ready');
  });

  test('activate and rollback move what is live, and every move is audited with what was before', async () => {
    expect((await call('rollback')).json().code).toBe('nothing_to_roll_back');
    const [first, second] = [await uploaded('first'), await uploaded('second')];
    await makeReady(first);
    await makeReady(second);
    expect((await call('activate', { version: first })).json()).toMatchObject({ version: first, reason: 'activate' });
    await call('activate', { version: second });
    expect((await call('rollback')).json()).toMatchObject({ version: first, reason: 'rollback' });
    const shown = await api.request({ method: 'GET', url: '/v1/functions/volume', key: tenant.key });
    expect(shown.json().liveVersion).toBe(first);
    const audit = await api.request({ method: 'GET', url: '/v1/audit?action=function.rolled_back', key: tenant.key });
    expect(audit.json().items[0].details).toMatchObject({
      function: 'volume',
      before: { version: second, settings: null },
      after: { version: first, settings: null },
    });
  });

  test('a version of another function is not found here', async () => {
    await api.request({
      method: 'POST',
      url: '/v1/functions',
      key: tenant.key,
      payload: { name: 'other', extensionPoint: 'discounts' },
    });
    const version = await uploaded('of volume');
    await makeReady(version);
    const answer = await api.request({
      method: 'POST',
      url: '/v1/functions/other/activate',
      key: tenant.key,
      payload: { version },
    });
    expect(answer.statusCode).toBe(404);
  });

  test('a test run without a worker says that it can be tried again', async () => {
    const version = await uploaded('tested');
    await makeReady(version);
    const answer = await call(`versions/${version}/test`, { input: { total: 1 } });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect((await call(`versions/${version}/test`, {})).json()).toMatchObject({ errors: [{ pointer: '/body/input' }] });
  });
});
