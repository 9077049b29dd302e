import { afterEach, describe, expect, it } from '@jest/globals';
import { newId, ProblemError, type TestRunRequest, workerRoutes } from '@tenon/contracts';
import { createLogger, createMetrics } from '@tenon/telemetry';
import type { FastifyInstance } from 'fastify';
import { createInternalServer, type InternalServerOptions } from '../../src/internal-http/internal-server.js';

const token = 'internal-token-of-this-test-only-0001';
const executionId = newId('execution');
const body: TestRunRequest = { tenantId: newId('tenant'), versionId: newId('version'), input: '{}' };
let server: FastifyInstance;

function open(changes: Partial<InternalServerOptions> = {}) {
  server = createInternalServer({
    token,
    probes: [],
    runTest: async () => ({ executionId }),
    logger: createLogger({ name: 'test', level: 'silent' }),
    metrics: createMetrics('test'),
    ...changes,
  });
  return server;
}

function testRun(authorization = `Bearer ${token}`, payload: object = body) {
  return server.inject({ method: 'POST', url: workerRoutes.testRuns, headers: { authorization }, payload });
}

afterEach(() => server.close());

describe('metrics', () => {
  const scraper = 'token-of-a-scraper-of-this-test-00001';
  const ask = (authorization?: string) =>
    server.inject({
      method: 'GET',
      url: workerRoutes.metrics,
      headers: authorization === undefined ? {} : { authorization },
    });

  it.each([token, scraper])("are read with the internal or the scraper's token", async (known) => {
    open({ metricsToken: scraper });
    const answer = await ask(`Bearer ${known}`);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect(answer.body).toMatch(/^process_cpu_seconds_total\{process="test"\} /m);
  });

  it.each([undefined, 'Bearer undefined', 'Bearer wrong', scraper])('need a token, not %s', async (header) => {
    open();
    expect((await ask(header)).statusCode).toBe(401);
  });
});

describe('test runs', () => {
  it('are answered with the execution', async () => {
    open();
    const answer = await testRun();
    expect([answer.statusCode, answer.json()]).toEqual([200, { executionId }]);
  });

  it.each(['', 'Bearer wrong', token, `bearer ${token}`, `Bearer ${token} `])(
    'need the token, not %j',
    async (header) => {
      let runs = 0;
      open({
        runTest: async () => {
          runs += 1;
          return { executionId };
        },
      });
      expect((await testRun(header)).statusCode).toBe(401);
      expect(runs).toBe(0);
    },
  );

  it('refuse a body that is not one', async () => {
    open();
    const answer = await testRun(undefined, { tenantId: 'nobody' });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_request']);
  });

  it.each([
    ['not_found', 404],
    ['version_not_ready', 409],
    ['unavailable', 503],
  ] as const)('pass the refusal %s on', async (code, status) => {
    open({ runTest: async () => Promise.reject(new ProblemError(code, 'because')) });
    const answer = await testRun();
    expect([answer.statusCode, answer.json()]).toEqual([status, { code, detail: 'because' }]);
    expect(answer.headers['retry-after']).toBe(code === 'unavailable' ? '1' : undefined);
  });

  it('tell nothing about an unforeseen error', async () => {
    open({ runTest: async () => Promise.reject(new Error('postgres://user:password@host')) });
    const answer = await testRun();
    expect([answer.statusCode, answer.json()]).toEqual([500, { code: 'internal', detail: 'the worker failed' }]);
  });
});

describe('health and readiness', () => {
  it('is healthy without a token', async () => {
    expect((await open().inject(workerRoutes.health)).statusCode).toBe(200);
  });

  it('is ready when every part is, and names the part that is not', async () => {
    const probes = [
      { name: 'database', probe: async () => 1 },
      { name: 'redis', probe: async () => Promise.reject(new Error('away')) },
    ];
    open({ probes: probes.slice(0, 1) });
    expect((await server.inject(workerRoutes.readiness)).statusCode).toBe(200);
    await server.close();
    open({ probes });
    const answer = await server.inject(workerRoutes.readiness);
    expect([answer.statusCode, answer.json()]).toEqual([
      503,
      { status: 'unavailable', checks: { database: 'ok', redis: 'failed' } },
    ]);
  });

  it('counts a probe that hangs as failed', async () => {
    open({ probes: [{ name: 'database', probe: () => new Promise(() => undefined) }] });
    expect((await server.inject(workerRoutes.readiness)).statusCode).toBe(503);
  });
});
