import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  defaultQuotaLimits,
  executionLimitsSchema,
  newId,
  type RunAnswer,
  type RunRequest,
  unmeasuredResult,
} from '@tenon/contracts';
import { createLogger } from '@tenon/telemetry';
import { waitFor } from '@tenon/testing';
import { FunctionRunner } from '../../src/executions/function-runner.js';
import { GroupRecorder } from '../../src/executions/group-recorder.js';
import { LargeBodies } from '../../src/executions/large-bodies.js';
import { OutputCheck } from '../../src/executions/output-check.js';
import { Gate } from '../../src/shared/gate.js';
import { Admission } from '../../src/sync-runs/admission.js';
import { LivePoints } from '../../src/sync-runs/live-points.js';
import { RunQuota } from '../../src/sync-runs/run-quota.js';
import { RunRecorder } from '../../src/sync-runs/run-recorder.js';
import { RunSpool } from '../../src/sync-runs/run-spool.js';
import { RunRefusal, SyncRunService } from '../../src/sync-runs/sync-run.service.js';
import { ScriptedSandbox } from '../support/scripted-sandbox.js';
import { Shop } from '../support/shop.js';
import { storedArtifacts } from '../support/stored-artifacts.js';
import { type RunningWorker, startWorker } from '../support/worker-in-process.js';

const logger = createLogger({ name: 'test', level: 'silent' });
const sandbox = new ScriptedSandbox();
let shop: Shop;
let worker: RunningWorker;
let folder: string;
let recorder: RunRecorder;
let service: SyncRunService;

beforeAll(async () => {
  shop = await Shop.open();
  worker = await startWorker(shop, { sandbox });
  folder = await mkdtemp(path.join(tmpdir(), 'tenon-spool-'));
  await shop.deploy('first', new Uint8Array([1]));
  recorder = await openRecorder();
  const runner = new FunctionRunner(
    sandbox,
    storedArtifacts(shop.storage),
    new OutputCheck(),
    new Gate({ max: 16 }),
    logger,
  );
  service = new SyncRunService({
    points: new LivePoints(shop.database.liveFunctions),
    quota: new RunQuota(shop.quotas),
    run: (target, given) => runner.run(target, given),
    recorder,
    admission: new Admission(2),
  });
});
afterAll(async () => {
  await recorder?.stop();
  await worker?.stop();
  await shop?.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  sandbox.answer = '{"discounts":[]}';
});

async function openRecorder(): Promise<RunRecorder> {
  return new RunRecorder({
    spool: await RunSpool.open(folder),
    recorder: new GroupRecorder(shop.database.recorder, {
      commitsMax: 1,
      executionsMax: 100,
      charactersMax: 4_000_000,
      batchesMax: 10,
      partsMax: 64,
    }),
    bodies: new LargeBodies(shop.storage, logger),
    logger,
  });
}

function requestOf(changes: Partial<RunRequest> = {}): RunRequest {
  const request = { runId: newId('event'), tenantId: shop.tenantId, point: 'cart.discounts', actor: 'key_test' };
  return { ...request, deadlineMs: 20_000, spentMs: 0, ...changes };
}

async function ask(input: unknown, changes: Partial<RunRequest> = {}): Promise<RunAnswer> {
  const { body } = await service.run(requestOf(changes), Buffer.from(JSON.stringify({ input })));
  return JSON.parse(body);
}

async function refusalOf(run: Promise<unknown>): Promise<RunRefusal> {
  const error: unknown = await run.catch((reason: unknown) => reason);
  if (error instanceof RunRefusal) return error;
  throw error;
}

async function putPoint(changes: { failurePolicy?: 'open' | 'closed'; combination?: 'all' | 'first' | 'pipeline' }) {
  const limits = executionLimitsSchema.parse({ deadlineMs: 60_000 });
  const outputSchema = { type: 'object', required: ['discounts'] };
  const terms = { limits, mode: 'sync', failurePolicy: 'open', outputSchema, eventTypes: [] } as const;
  await shop.database.asOperator((tx) =>
    tx.extensionPoints.put('cart.discounts', { ...terms, inputSchema: { type: 'object' }, ...changes }),
  );
}

describe('a run whose caller waits', () => {
  it('answers with the output and records the run under the id that it answered', async () => {
    await putPoint({});
    const answer = await ask({ n: 1 });
    expect(answer).toMatchObject({ outcome: 'succeeded', complete: true, output: [{ discounts: [] }] });
    const id = answer.functions[0]?.execution;
    if (id === undefined) throw new Error('no execution');
    const find = () => shop.database.executions.find(shop.tenantId, id);
    const stored = await waitFor('the record', async () => (await find()) ?? false);
    expect(stored).toMatchObject({ kind: 'sync', input: '{"n":1}', outcome: 'succeeded', position: 1, eventId: null });
    const { items } = await shop.database.withTenant(shop.tenantId, (tx) => tx.audit.list({ limit: 10 }));
    expect(items.find(({ target }) => target === id)).toMatchObject({ actor: 'key_test' });
  });

  it('sees an activation that was answered before it was sent', async () => {
    await putPoint({});
    const functionId = await shop.createFunction('second');
    const versionId = await shop.upload(functionId, new Uint8Array([2]));
    await shop.built(versionId);
    expect((await ask({})).functions).toHaveLength(1);
    await shop.activate(functionId, versionId);
    expect((await ask({})).functions).toHaveLength(2);
    await shop.database.withTenant(shop.tenantId, (tx) => tx.functions.archive(functionId));
    expect((await ask({})).functions).toHaveLength(1);
  });

  it('does without a function that failed and says so, where the point fails open', async () => {
    await putPoint({ failurePolicy: 'open' });
    sandbox.answer = '[]';
    const answer = await ask({});
    expect(answer).toMatchObject({ outcome: 'invalid_output', complete: false, output: [] });
    expect(answer.functions[0]).toMatchObject({ outcome: 'invalid_output', message: expect.any(String) });
    await putPoint({ failurePolicy: 'open', combination: 'pipeline' });
    expect(await ask({ total: 7 })).toMatchObject({ complete: false, output: { total: 7 } });
  });

  it('is a problem that names the function and its execution, where the point fails closed', async () => {
    await putPoint({ failurePolicy: 'closed' });
    sandbox.answer = '[]';
    const { problem, begun } = await refusalOf(ask({}));
    expect(begun).toBe(true);
    expect(problem).toMatchObject({ code: 'run_failed', errors: [{ pointer: '/functions/0' }] });
    expect(problem.errors[0]?.message).toMatch(/^first ended as "invalid_output" \(exe_/);
  });

  it('is refused for an input that does not fit, and for a point that is not there, before anything runs', async () => {
    await putPoint({});
    const runs = sandbox.requests.length;
    expect((await refusalOf(ask(7))).problem).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/body/input' }],
    });
    expect((await refusalOf(ask({}, { point: 'none' }))).problem.code).toBe('not_found');
    expect((await refusalOf(ask({ text: 'x'.repeat(130_000) }))).problem.code).toBe('payload_too_large');
    expect(sandbox.requests).toHaveLength(runs);
  });

  it('is refused at once when its time is up already', async () => {
    const { problem, begun } = await refusalOf(ask({}, { deadlineMs: 5, spentMs: 5 }));
    expect(begun).toBe(false);
    expect(problem.code).toBe('unavailable');
  });

  it('gives a guest no more time than the caller has left', async () => {
    await putPoint({});
    await ask({}, { deadlineMs: 1_000 });
    const given = sandbox.requests.at(-1)?.limits.deadlineMs ?? 0;
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThanOrEqual(1_000);
  });

  it('of which nothing was heard in time is not said to have run', async () => {
    await putPoint({});
    const deaf = new SyncRunService({
      points: new LivePoints(shop.database.liveFunctions),
      quota: new RunQuota(shop.quotas),
      run: () => new Promise(() => undefined),
      recorder,
      admission: new Admission(2),
    });
    const { body } = await deaf.run(requestOf({ deadlineMs: 500 }), Buffer.from('{"input":{}}'));
    expect(JSON.parse(body).functions).toMatchObject([
      { outcome: 'deadline', message: expect.stringContaining('no answer by its deadline'), wallUs: 0 },
    ]);
  });

  it('is refused beyond what the plan lets run at once: only events heeded that', async () => {
    await putPoint({});
    await ask({});
    await shop.quotas.planChanged('default', { ...defaultQuotaLimits, concurrentExecutionsMax: 2 });
    const held = Promise.withResolvers<void>();
    const slow = new SyncRunService({
      points: new LivePoints(shop.database.liveFunctions),
      quota: new RunQuota(shop.quotas),
      run: async (_target, { clockMs, seed }) => {
        await held.promise;
        return { startedAtMs: clockMs, clockMs, seed, engine: '1', result: unmeasuredResult('succeeded', '') };
      },
      recorder,
      admission: new Admission(2),
    });
    const ended: string[] = [];
    const run = async () => {
      const running = slow.run(requestOf({ deadlineMs: 20_000 }), Buffer.from('{"input":{}}'));
      ended.push(
        await running.then(
          () => 'ran',
          ({ problem }: RunRefusal) => problem.message,
        ),
      );
    };
    const refusal = 'The quota "concurrent_executions" of the tenant\'s plan is used up.';
    const all = Array.from({ length: 5 }, run);
    await waitFor('three refusals', () => ended.length === 3);
    expect(ended).toEqual([refusal, refusal, refusal]);
    held.resolve();
    await Promise.all(all);
    await Promise.all([run(), run()]);
    expect(ended.slice(3)).toEqual(['ran', 'ran', 'ran', 'ran']);
    await shop.quotas.planChanged('default', defaultQuotaLimits);
  });

  it('is recorded once when it is sent twice', async () => {
    await putPoint({});
    const runId = newId('event');
    const [one, two] = [await ask({}, { runId }), await ask({}, { runId })];
    expect(one.functions[0]?.execution).toBe(two.functions[0]?.execution);
  });

  it('records what a process kept that was killed before it could', async () => {
    await putPoint({});
    const executionId = newId('execution');
    const [target] = await shop.database.liveFunctions.byPoint(shop.tenantId, 'cart.discounts');
    if (target === undefined) throw new Error('nothing is live');
    const { functionId, functionName, versionId, point } = target;
    const execution = {
      ...{ id: executionId, kind: 'sync', functionId, functionName, versionId, extensionPoint: point.name },
      ...{ attempt: 1, outcome: 'succeeded', message: '', log: '', logBytesDropped: 0, instructionsUsed: 5 },
      ...{ fuelUsed: 5, memoryBytesPeak: 0, cpuUs: 1, wallUs: 1, clockMs: 1, seed: 'a'.repeat(64) },
      startedAt: new Date(),
    };
    const line = JSON.stringify({ tenantId: shop.tenantId, actor: 'key_test', executions: [execution] });
    await writeFile(path.join(folder, `${hostname()}-${2 ** 30}-1700000000000-1.runs`), `${line}\n`);
    const next = await openRecorder();
    await next.recover();
    await next.stop();
    expect(await shop.database.executions.find(shop.tenantId, executionId)).toMatchObject({ kind: 'sync' });
    expect(await readdir(folder)).not.toContain(`${hostname()}-${2 ** 30}-1700000000000-1.runs`);
  });
});
