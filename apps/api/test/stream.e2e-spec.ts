import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type DroppedExecutions, executionIdFor, type Id, newId, type StreamedExecution } from '@tenon/contracts';
import { Database, type ExecutionRecord } from '@tenon/database';
import { openQueueProducer, type QueueProducer } from '@tenon/queue';
import { waitFor } from '@tenon/testing';
import { ExecutionStreamsService } from '../src/stream/execution-streams.service.js';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

let api: TestApi;
let port: number;
let recorder: Database;
let producer: QueueProducer;
const open = new Set<OpenStream>();

beforeAll(async () => {
  api = await startTestApi();
  await api.app.listen(0, '127.0.0.1');
  port = (api.app.getHttpServer().address() as AddressInfo).port;
  recorder = await Database.open({ url: api.databaseUrl, applicationName: 'test', uses: ['app', 'recorder'] });
  producer = openQueueProducer({ redisUrl: api.redis.url, prefix: api.redis.prefix });
});

afterEach(() => {
  for (const stream of open) stream.close();
});

afterAll(async () => {
  await producer?.close();
  await recorder?.close();
  await api?.close();
});

interface Event {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: unknown;
}

/** What a browser's EventSource does with the bytes. */
class OpenStream {
  readonly events: Event[] = [];
  ended = false;
  /** Whether the answer ended as answers do, rather than with a broken connection. */
  get complete(): boolean {
    return this.response.complete;
  }
  #rest = '';

  constructor(private readonly response: IncomingMessage) {
    open.add(this);
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#read(text));
    response.on('close', () => {
      this.ended = true;
    });
    response.on('error', () => undefined);
  }

  get runs(): readonly StreamedExecution[] {
    return this.events.filter(({ event }) => event === 'execution').map(({ data }) => data as StreamedExecution);
  }

  get dropped(): readonly DroppedExecutions[] {
    return this.events.filter(({ event }) => event === 'dropped').map(({ data }) => data as DroppedExecutions);
  }

  get lastId(): string | undefined {
    return this.events.findLast(({ id }) => id !== undefined)?.id;
  }

  pause(): void {
    this.response.pause();
  }

  resume(): void {
    this.response.resume();
  }

  close(): void {
    open.delete(this);
    this.response.destroy();
  }

  #read(text: string): void {
    const parts = (this.#rest + text).split('\n\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
      const data = field('data');
      this.events.push({
        id: field('id'),
        event: field('event'),
        data: data === undefined ? undefined : JSON.parse(data),
      });
    }
  }
}

async function watch(key: string, query = '', lastEventId?: string): Promise<OpenStream> {
  const headers = {
    authorization: `Bearer ${key}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  const [response] = (await once(
    get({ port, host: '127.0.0.1', path: `/v1/executions/stream${query}`, headers, agent: false }),
    'response',
  )) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toBe('text/event-stream');
  const stream = new OpenStream(response);
  await waitFor('the stream', () => stream.events.length > 0);
  return stream;
}

function runOf(change: Partial<ExecutionRecord> = {}): ExecutionRecord {
  const eventId: Id<'event'> = newId('event');
  const functionId: Id<'function'> = newId('function');
  return {
    id: executionIdFor(eventId, functionId, 1),
    kind: 'event',
    eventId,
    functionId,
    functionName: 'discount',
    versionId: newId('version'),
    extensionPoint: 'discounts',
    attempt: 1,
    outcome: 'succeeded',
    message: 'The function returned an output.',
    input: '{}',
    output: '{}',
    log: 'hello\n',
    logBytesDropped: 0,
    instructionsUsed: 1,
    fuelUsed: 1,
    memoryBytesPeak: 1,
    cpuUs: 1,
    wallUs: 1,
    clockMs: 1,
    seed: 'ab'.repeat(32),
    startedAt: new Date(),
    ...change,
  };
}

/** As a worker does it: recorded, then announced. */
/** @returns the ids as streams show them: runs of one commit have no order among themselves but that of their ids. */
async function record(tenant: TestTenant, runs: readonly ExecutionRecord[]): Promise<readonly string[]> {
  await recorder.recorder.record(tenant.id, { executions: runs });
  producer.announceRecorded([tenant.id]);
  return runs.map((run) => run.id).toSorted();
}

const idsOf = (stream: OpenStream) => stream.runs.map((run) => run.id);

test('runs are shown as they are recorded, in the order of their recording, to their tenant only', async () => {
  const [tenant, other] = [await api.createTenant(), await api.createTenant()];
  const [stream, strangers] = [await watch(tenant.key), await watch(other.key)];
  const expected: string[] = [];
  for (let batch = 0; batch < 5; batch += 1) expected.push(...(await record(tenant, [runOf(), runOf()])));
  await waitFor('the stream', () => stream.runs.length >= expected.length);
  expect(idsOf(stream)).toEqual(expected);
  const theirs = await record(other, [runOf()]);
  await waitFor('the stream', () => strangers.runs.length > 0);
  expect(idsOf(strangers)).toEqual(theirs);
});

test('filters show what fits, and logs come where they are asked for', async () => {
  const tenant = await api.createTenant();
  const [failures, logs] = [await watch(tenant.key, '?fault=guest'), await watch(tenant.key, '?logs=true')];
  const trapped = runOf({ outcome: 'trap', log: 'last words' });
  const recorded = await record(tenant, [runOf(), trapped]);
  await waitFor('the stream', () => logs.runs.length === 2);
  await waitFor('the stream', () => failures.runs.length === 1);
  expect(idsOf(failures)).toEqual([trapped.id]);
  expect(failures.runs[0]).not.toHaveProperty('log');
  const logOf = (id: string) => (id === trapped.id ? 'last words' : 'hello\n');
  expect(logs.runs.map((run) => run.log)).toEqual(recorded.map(logOf));
});

test('a stream goes on where another one broke off: nothing is missed and nothing comes twice', async () => {
  const tenant = await api.createTenant();
  const expected: string[] = [];
  const seen: string[] = [];
  let lastEventId: string | undefined;
  for (let round = 0; round < 4; round += 1) {
    const stream = await watch(tenant.key, '', lastEventId);
    const before = seen.length;
    // Some were recorded while nobody watched; the rest comes while the stream is open.
    expected.push(...(await record(tenant, [runOf(), runOf(), runOf()])));
    await waitFor('the stream', () => stream.runs.length >= expected.length - before - (round % 2));
    seen.push(...idsOf(stream));
    lastEventId = stream.events.findLast(({ event }) => event === 'execution')?.id;
    stream.close();
    expected.push(...(await record(tenant, [runOf(), runOf()])));
  }
  const rest = await watch(tenant.key, '?follow=false', lastEventId);
  await waitFor('the stream', () => rest.ended);
  expect([...seen, ...idsOf(rest)]).toEqual(expected);
});

test('a place that is too long ago is answered with what was dropped', async () => {
  const tenant = await api.createTenant();
  await record(tenant, [runOf()]);
  for (let batch = 0; batch < 11; batch += 1)
    await record(
      tenant,
      Array.from({ length: 1_000 }, () => runOf()),
    );
  const stream = await watch(tenant.key, '?follow=false', '0.0');
  await waitFor('the stream', () => stream.ended);
  expect(stream.runs.length).toBeGreaterThanOrEqual(10_000);
  expect(stream.dropped).toEqual([{ count: 11_001 - stream.runs.length, reason: 'too_long_ago' }]);
});

test('a reader that does not read is told how many it missed, and the others miss nothing', async () => {
  const tenant = await api.createTenant();
  const [slow, quick] = [await watch(tenant.key, '?logs=true'), await watch(tenant.key)];
  slow.pause();
  let count = 0;
  for (let batch = 0; batch < 8; batch += 1) {
    const runs = Array.from({ length: 500 }, () => runOf({ log: 'x'.repeat(7_000) }));
    count += (await record(tenant, runs)).length;
  }
  await waitFor('the stream', () => quick.runs.length === count, { timeoutMs: 30_000 });
  slow.resume();
  const missed = () => slow.dropped.reduce((sum, dropped) => sum + (dropped.count ?? 0), 0);
  await waitFor('the stream', () => slow.runs.length + missed() === count, { timeoutMs: 30_000 });
  expect(missed()).toBeGreaterThan(0);
  expect(quick.dropped).toEqual([]);
}, 60_000);

test('a stream ends when its key is revoked, before it shows another run', async () => {
  const tenant = await api.createTenant();
  const { id, key } = await api.createKey(tenant.id, ['executions:read']);
  const stream = await watch(key);
  await record(tenant, [runOf()]);
  await waitFor('the stream', () => stream.runs.length === 1);
  const gone = await api.request({
    method: 'DELETE',
    url: `/v1/tenants/${tenant.id}/keys/${id}`,
    key: api.operatorKey,
  });
  expect(gone.statusCode).toBe(204);
  await waitFor('the stream', async () => {
    await record(tenant, [runOf()]);
    return stream.ended;
  });
  expect(stream.runs.length).toBeLessThan(30);
  expect(stream.complete).toBe(true);
});

test('a stream that catches up ends when its key is revoked, however much there is to show', async () => {
  const tenant = await api.createTenant();
  const count = 4_000;
  for (let batch = 0; batch < count / 500; batch += 1) {
    const runs = Array.from({ length: 500 }, () => runOf({ log: 'x'.repeat(7_000) }));
    await record(tenant, runs);
  }
  const { id, key } = await api.createKey(tenant.id, ['executions:read']);
  const stream = await watch(key, '?logs=true', '0.0');
  stream.pause();
  const gone = await api.request({
    method: 'DELETE',
    url: `/v1/tenants/${tenant.id}/keys/${id}`,
    key: api.operatorKey,
  });
  expect(gone.statusCode).toBe(204);
  const revokedMs = performance.now();
  await waitFor('the time after which nothing is shown', () => performance.now() - revokedMs > 1_000);
  stream.resume();
  await waitFor('the stream', () => stream.ended);
  expect(stream.runs.length).toBeLessThan(count);
  expect(stream.complete).toBe(true);
}, 30_000);

test('what is recorded while a reader is told what it missed is shown to it', async () => {
  const tenant = await api.createTenant();
  for (let batch = 0; batch < 11; batch += 1)
    await record(
      tenant,
      Array.from({ length: 1_000 }, () => runOf()),
    );
  const other = await watch(tenant.key);
  const closed = new AbortController();
  const texts = (
    await api.app.get(ExecutionStreamsService).open({
      tenantId: tenant.id,
      query: { logs: 'false', follow: 'true' },
      lastEventId: '0.0',
      signal: closed.signal,
      recheck: () => Promise.resolve(),
    })
  )[Symbol.asyncIterator]();
  const until = async (part: string) => {
    for (let next = await texts.next(); next.done !== true; next = await texts.next())
      if (next.value.includes(part)) return;
    throw new Error(`the stream ended before ${part}`);
  };
  await until('event: dropped');
  const [id = ''] = await record(tenant, [runOf()]);
  await waitFor('the others', () => idsOf(other).some((shown) => shown === id));
  await until(id);
  closed.abort();
}, 30_000);

test('a place that nobody gave out starts at the end', async () => {
  const tenant = await api.createTenant();
  await record(tenant, [runOf()]);
  const stream = await watch(tenant.key, '', '999999999.5');
  const [id] = await record(tenant, [runOf()]);
  await waitFor('the stream', () => stream.runs.length === 1);
  expect(idsOf(stream)).toEqual([id]);
});

test('a thousand streams of one tenant are open at once, and one more is refused', async () => {
  const tenant = await api.createTenant();
  const streams = await Promise.all(Array.from({ length: 1_000 }, () => watch(tenant.key)));
  const refused = await api.request({ method: 'GET', url: '/v1/executions/stream?follow=false', key: tenant.key });
  expect(refused.statusCode).toBe(429);
  const ids = await record(tenant, [runOf(), runOf()]);
  await waitFor('the stream', () => streams.every((stream) => stream.runs.length === 2), { timeoutMs: 20_000 });
  expect(streams.every((stream) => idsOf(stream).join() === ids.join())).toBe(true);
  for (const stream of streams) stream.close();
  await waitFor('the stream', async () => {
    const again = await api.request({ method: 'GET', url: '/v1/executions/stream?follow=false', key: tenant.key });
    return again.statusCode === 200;
  });
}, 60_000);
