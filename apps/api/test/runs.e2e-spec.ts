import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '@tenon/config';
import { FrameReader, frameBytes, type RunRequest, type RunResponse, runProtocol } from '@tenon/contracts';
import { RunWorkers } from '../src/runs/run-workers.js';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

const token = 'the-internal-token';
const answerBody = '{"outcome":"succeeded","complete":true,"output":[],"functions":[]}';

/** A worker's side of the protocol, with answers of the test's choice. */
class ScriptedWorker {
  readonly asked: RunRequest[] = [];
  answer: RunResponse | 'hang up' = { load: 0 };
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<ScriptedWorker> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const worker = new ScriptedWorker(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    server.on('upgrade', (request, socket) => {
      if (request.headers.authorization !== `Bearer ${token}`) socket.destroy();
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${runProtocol}\r\n\r\n`);
      const reader = new FrameReader();
      socket.on('error', () => socket.destroy());
      socket.on('data', (piece: Uint8Array) => {
        for (const { number, head } of reader.read(piece)) {
          worker.asked.push(head as RunRequest);
          if (worker.answer === 'hang up') {
            socket.destroy();
            return;
          }
          const body = worker.answer.refusal === undefined ? Buffer.from(answerBody) : Buffer.alloc(0);
          socket.write(frameBytes(number, worker.answer, body));
        }
      });
    });
    return worker;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

let api: TestApi;
let tenant: TestTenant;
let workers: RunWorkers;
let [one, two]: ScriptedWorker[] = [];

beforeAll(async () => {
  [one, two] = await Promise.all([ScriptedWorker.start(), ScriptedWorker.start()]);
  workers = new RunWorkers({ urls: [one.url, two.url], token: new Secret(token) });
  api = await startTestApi({ runs: workers });
  tenant = await api.createTenant();
});
afterAll(async () => {
  workers?.close();
  one?.stop();
  two?.stop();
  await api?.close();
});
beforeEach(() => {
  for (const worker of both()) {
    worker.answer = { load: 0 };
    worker.asked.length = 0;
  }
});

function both(): [ScriptedWorker, ScriptedWorker] {
  if (one === undefined || two === undefined) throw new Error('no workers');
  return [one, two];
}

const run = (headers: Record<string, string> = {}, payload: object = { input: { n: 1 } }) =>
  api.request({ method: 'POST', url: '/v1/extension-points/cart/run', key: tenant.key, headers, payload });
const asked = () => both().flatMap((worker) => worker.asked);

describe('POST /v1/extension-points/:name/run', () => {
  it('hands on what the worker answered, and says where the time went', async () => {
    for (const worker of both()) worker.answer = { load: 0, timing: { check: 1, run: 2, keep: 3 } };
    const answer = await run({ 'tenon-deadline-ms': '150' });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toBe(answerBody);
    expect(answer.headers['server-timing']).toMatch(
      /^api;dur=[\d.]+, check;dur=1\.00, run;dur=2\.00, keep;dur=3\.00, total/,
    );
    expect(asked()).toMatchObject([{ tenantId: tenant.id, point: 'cart', deadlineMs: 150 }]);
  });

  it('refuses a deadline that is none, and a body that has more than an input', async () => {
    for (const value of ['0', '-1', '1.5', 'soon', '100000']) {
      const answer = await run({ 'tenon-deadline-ms': value });
      expect(answer.json()).toMatchObject({
        code: 'invalid_request',
        errors: [{ pointer: '/header/tenon-deadline-ms' }],
      });
    }
    expect((await run({}, { input: 1, more: 2 })).json()).toMatchObject({ code: 'invalid_request' });
    expect(asked()).toEqual([]);
  });

  it('says in words that the input is missing', async () => {
    expect((await run({}, {})).json().errors).toEqual([{ pointer: '/body/input', message: 'expected a value' }]);
  });

  it('asks another worker where one is busy, and answers 503 with Retry-After at once where both are', async () => {
    const [first, second] = both();
    const refusal = { code: 'unavailable' as const, detail: 'busy', errors: [], begun: false };
    first.answer = { load: 9, refusal };
    for (let count = 0; count < 3; count += 1) expect((await run()).statusCode).toBe(200);
    second.answer = { load: 9, refusal };
    const answer = await run();
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
  });

  it('asks another worker, with the same run, where one went away', async () => {
    for (const worker of both()) worker.answer = 'hang up';
    expect((await run()).statusCode).toBe(503);
    expect(both().map((worker) => worker.asked.length)).toEqual([1, 1]);
    expect(new Set(asked().map(({ runId }) => runId)).size).toBe(1);
  });

  it('does not ask again for what has begun', async () => {
    const refusal = {
      code: 'run_failed',
      detail: 'failed',
      errors: [{ pointer: '/functions/0', message: 'trap' }],
      begun: true,
    };
    for (const worker of both()) worker.answer = { load: 0, refusal: { ...refusal, code: 'run_failed' } };
    const answer = await run();
    expect(answer.json()).toMatchObject({ status: 422, code: 'run_failed', errors: refusal.errors });
    expect(asked()).toHaveLength(1);
  });
});
