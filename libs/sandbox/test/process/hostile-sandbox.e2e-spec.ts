import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ExecutionResult } from '@tenon/contracts';
import { createSandboxPool, encodeRunResult, type SandboxPool, type SandboxPoolOptions } from '@tenon/sandbox';
import { fakeSandbox } from '../support/fake-sandbox.js';
import { requestOf } from '../support/requests.js';

const artifact = { id: 'ab'.repeat(32), load: async () => new Uint8Array(8) };

const good: ExecutionResult = {
  outcome: 'succeeded',
  message: 'fine',
  output: '"good"',
  log: '',
  logBytesDropped: 0,
  instructionsUsed: 1,
  fuelUsed: 1,
  memoryBytesPeak: 0,
  cpuUs: 1,
  wallUs: 1,
};

/** Script text for the body of a result. */
function bodyOf(result: Partial<ExecutionResult>): string {
  return `Buffer.from('${encodeRunResult({ ...good, ...result }).toString('base64')}', 'base64')`;
}

const hostile: Readonly<Record<string, string>> = {
  'bytes that are no frame': "process.stdout.write('Hello from a library that prints\\n')",
  'a frame longer than any answer':
    'const h = Buffer.alloc(12); h.writeUInt32LE(0xffffffff, 0); h[4] = 1; h[5] = 66; process.stdout.write(h)',
  'a frame of another version': 'process.stdout.write(Buffer.from([0, 0, 0, 0, 9, 66, 0, 0, 1, 0, 0, 0]))',
  'a frame of an unknown kind': 'send(200, id)',
  'a frame that only a host may send': 'send(kinds.execute, id, body)',
  'a result that nobody asked for': `send(kinds.result, id + 1000, ${bodyOf({})})`,
  'a result twice': `send(kinds.result, id, ${bodyOf({})}); send(kinds.result, id, ${bodyOf({})})`,
  'a result cut short': `send(kinds.result, id, ${bodyOf({})}.subarray(0, 40))`,
  'a result with bytes to spare': `send(kinds.result, id, Buffer.concat([${bodyOf({})}, Buffer.alloc(3)]))`,
  'an output above its limit': `send(kinds.result, id, ${bodyOf({ output: `"${'x'.repeat(30_000)}"` })})`,
  'a log above its limit': `send(kinds.result, id, ${bodyOf({ log: 'x'.repeat(200_001) })})`,
  'a count that is no count': `const b = ${bodyOf({})}; b.writeDoubleLE(-1, 4); send(kinds.result, id, b)`,
  'an artifact that nothing needs': 'send(kinds.wanted, 0, Buffer.alloc(32))',
  'vitals of another shape': 'send(kinds.pong, 0, Buffer.from(\'{"rssBytes":"many"}\'))',
};

describe('a sandbox that misbehaves', () => {
  const folders: string[] = [];
  let pool: SandboxPool | undefined;

  async function poolOf(script: string, options: SandboxPoolOptions = {}): Promise<SandboxPool> {
    const sandboxPath = await fakeSandbox(script);
    folders.push(sandboxPath);
    pool = createSandboxPool({ processes: 1, pingEveryMs: 20, answerMsMax: 1_000, ...options, sandboxPath });
    return pool;
  }

  afterEach(async () => {
    await pool?.close();
    await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
  });

  const run = (of: SandboxPool, input: unknown, limits = {}) =>
    of.execute(artifact, requestOf(input, limits), { tenantId: 'tnt_a' });

  it.each(Object.entries(hostile))('is killed for %s', async (_name, script) => {
    const crooked = await poolOf(`const onExecute = (id, body) => { ${script} };`);

    const result = await run(crooked, 1);

    if (_name === 'a result twice') expect(result.outcome).toBe('succeeded');
    else expect(result.message).toMatch(/broke the protocol/);
    await untilCrashed(crooked);
  });

  it('is killed when it says nothing more', async () => {
    const mute = await poolOf('globalThis.silent = true; const onExecute = () => undefined;', { answerMsMax: 100 });

    const result = await run(mute, 1);

    expect(result).toMatchObject({ outcome: 'internal' });
    expect(result.message).toContain('no answer for 100 ms');
  });

  it('is killed when it answers pings but keeps an execution past its deadline', async () => {
    const idler = await poolOf('const onExecute = () => undefined;', { answerMsMax: 200, prepareMsMax: 50 });

    const result = await run(idler, 1, { deadlineMs: 50 });

    expect(result.message).toContain('kept an execution past its deadline');
  });

  it('costs only the culprit an answer: neighbours run again elsewhere', async () => {
    const script = `const onExecute = (id, body) => {
      if (body.includes('die')) process.exit(9);
      setTimeout(() => send(kinds.result, id, ${bodyOf({})}), 5);
    };`;
    const fragile = await poolOf(script);

    const results = await Promise.all([1, 2, 'die', 4, 5].map((input) => run(fragile, input)));

    expect(results.map(({ outcome }) => outcome)).toEqual([
      'succeeded',
      'succeeded',
      'internal',
      'succeeded',
      'succeeded',
    ]);
    expect(results[2]?.message).toContain('exited with code 9 while it ran this execution alone');
  });

  it('one tenant whose runs ended their process made every tenant’s runs internal', async () => {
    const script = `const onExecute = (id, body) => {
      if (body.includes('die')) process.exit(9);
      setTimeout(() => send(kinds.result, id, ${bodyOf({})}), 5);
    };`;
    const fragile = await poolOf(script);
    const evil = (index: number) => ({ ...artifact, id: `${index}e`.repeat(32) });
    const neighbours: ExecutionResult[] = [];

    // Each of six functions is convicted; the sixth crash in a row once answered all others in the place of a process.
    for (let index = 1; index <= 6; index += 1) {
      const attack = fragile.execute(evil(index), requestOf('die'), { tenantId: 'tnt_evil' });
      neighbours.push(await run(fragile, index));
      expect((await attack).outcome).toBe('internal');
    }

    expect(neighbours.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 6 }, () => 'succeeded'));
    expect(fragile.stats().broken).toBe(false);
  }, 30_000);

  it('a function convicted twice is answered without ending another process', async () => {
    const fragile = await poolOf('const onExecute = () => process.exit(9);');

    const results = [await run(fragile, 1), await run(fragile, 2), await run(fragile, 3), await run(fragile, 4)];

    expect(results.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 4 }, () => 'internal'));
    expect(results[2]?.message).toMatch(/^Not started: this function ended its sandbox process 2 times/);
    expect(fragile.stats().crashes).toBe(4);
  });

  it('is called out of memory when V8 says so', async () => {
    const script = `const onExecute = () => {
      process.stderr.write('FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\\n', () => process.exit(134));
    };`;
    const hungry = await poolOf(script);

    expect((await run(hungry, 1)).outcome).toBe('memory_limit');
  });

  it.each([
    [70, 'deadline'],
    [71, 'memory_limit'],
  ])('that ended itself with code %i makes %s the outcome of whoever had it alone', async (code, outcome) => {
    const ending = await poolOf(`const onExecute = () => process.exit(${code});`);

    expect((await run(ending, 1)).outcome).toBe(outcome);
  });

  it('that can not start backs off, is reported, and work is answered instead of kept', async () => {
    const reports: object[] = [];
    const logger = { info: () => undefined, warn: () => undefined, error: (fields: object) => reports.push(fields) };
    const broken = await poolOf("process.stderr.write('no luck'); process.exit(3); const onExecute = 0;", { logger });

    const result = await run(broken, 1);

    expect(result).toMatchObject({ outcome: 'internal' });
    expect(result.message).toContain('No sandbox process could be started');
    expect(broken.stats()).toMatchObject({ broken: true, crashes: 5 });
    expect(reports.at(-1)).toMatchObject({ reason: 'exited with code 3', stderr: 'no luck' });
    expect((await run(broken, 2)).outcome).toBe('internal');
  });
});

/** Resolves once the pool has seen a process end that it did not want to end. */
async function untilCrashed(pool: SandboxPool): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (pool.stats().crashes === 0) {
    if (performance.now() > deadline) throw new Error('the process was not killed');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
