import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSandboxPool, SandboxClosedError, SandboxOverloadedError, type SandboxPool } from '@tenon/sandbox';
import { nothingFound, spy } from '../../../wasm/test/abi/support/spy.js';
import { sandboxBundle } from '../support/bundle.js';
import {
  artifactOf,
  type CountedSource,
  diceWat,
  echoWat,
  endlessWat,
  guestFromWat,
  settingsWat,
  sourceOf,
} from '../support/guests.js';
import { requestOf } from '../support/requests.js';

/** More than any guest of these tests can use within its deadline, so that the deadline comes first. */
const unlimited = { instructionsMax: 10_000_000_000 };

describe('createSandboxPool', () => {
  let sandboxPath: string;
  let pool: SandboxPool;
  let echo: CountedSource;
  let endless: CountedSource;

  beforeAll(async () => {
    sandboxPath = await sandboxBundle();
    pool = createSandboxPool({ processes: 1, threadsPerProcess: 2, sandboxPath });
    [echo, endless] = await Promise.all([guestFromWat(echoWat), guestFromWat(endlessWat)]);
  });
  afterAll(() => pool.close());

  const run = (guest: CountedSource, input: unknown, limits = {}) =>
    pool.execute(guest, requestOf(input, limits), { tenantId: 'tnt_a' });

  it('runs a guest on an input', async () => {
    const result = await run(echo, { cart: [1, 2, 3] });

    expect(result).toMatchObject({ outcome: 'succeeded', output: '{"cart":[1,2,3]}', log: '' });
    expect(result.wallUs).toBeGreaterThan(0);
    expect(result.cpuUs).toBeLessThanOrEqual(result.wallUs);
  });

  it('keeps thousands of pipelined answers apart', async () => {
    const inputs = Array.from({ length: 3_000 }, (_, index) => index);

    const results = await Promise.all(inputs.map((input) => run(echo, input)));

    expect(results.map(({ output }) => output)).toEqual(inputs.map(String));
  });

  it('loads an artifact once per process', async () => {
    const guest = await guestFromWat(echoWat, 'loaded once');

    await Promise.all([run(guest, 1), run(guest, 2), run(guest, 3)]);
    await run(guest, 4);

    expect(guest.loads).toBe(1);
  });

  it('carries inputs and outputs that fit no slot', async () => {
    const large = 'x'.repeat(60_000);

    const result = await run(echo, large, { outputBytesMax: 100_000 });

    expect(result.output).toBe(JSON.stringify(large));
  });

  it('shows no run a byte of an earlier one, though memories are used again', async () => {
    const guest = sourceOf(await artifactOf(await spy(4)));
    const modes = ['n', 't', 'e', 'g', 'z', 'r', 'n', 'l'];
    const runs = Array.from({ length: 96 }, (_, index) => modes[index % modes.length]);
    const spied = async (mode: string | undefined, index: number) => {
      const limits = mode === 'l' ? { ...unlimited, deadlineMs: 20 } : {};
      return pool.execute(guest, requestOf(mode, limits), { tenantId: `tnt_${index % 3}` });
    };

    const results = await Promise.all(runs.map(spied));

    const outputs = results.filter(({ outcome }) => outcome === 'succeeded').map(({ output }) => output);
    expect(outputs.length).toBeGreaterThan(40);
    expect(new Set(outputs)).toEqual(new Set([nothingFound]));
    expect(results.filter(({ outcome }) => outcome === 'deadline')).toHaveLength(12);
  });

  it('a stack overflow cost 50 ms of CPU time that nobody was charged for', async () => {
    const deep = await guestFromWat(
      '(module (memory (export "memory") 1) (func $deeper (call $deeper)) (func (export "_start") (call $deeper)))',
    );
    await run(deep, 1);
    const started = performance.now();

    const results = await Promise.all(Array.from({ length: 100 }, () => run(deep, 1)));

    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['stack_overflow']));
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  it('ends a guest at its deadline and keeps serving', async () => {
    const [late, fine] = await Promise.all([run(endless, 1, { ...unlimited, deadlineMs: 60 }), run(echo, 1)]);

    expect(late).toMatchObject({ outcome: 'deadline', limit: { name: 'deadlineMs', max: 60 } });
    expect(late.limit?.actual).toBeGreaterThanOrEqual(60);
    expect(fine.outcome).toBe('succeeded');
  });

  it('serves good guests while every thread but one is held', async () => {
    const late = run(endless, 1, { ...unlimited, deadlineMs: 300 });
    const results = await Promise.all(Array.from({ length: 200 }, (_, index) => run(echo, index)));

    expect(results.every(({ outcome }) => outcome === 'succeeded')).toBe(true);
    expect((await late).outcome).toBe('deadline');
  });

  it('refuses an input above its limit without running anything', async () => {
    const result = await run(echo, 'too long', { inputBytesMax: 4 });

    expect(result).toMatchObject({
      outcome: 'input_too_large',
      limit: { name: 'inputBytesMax', max: 4, actual: 10 },
      wallUs: 0,
    });
  });

  it('answers internal when an artifact can not be loaded, and again runs others', async () => {
    const gone = { id: 'ab'.repeat(32), load: () => Promise.reject(new Error('no such object')) };
    const damaged = { id: 'cd'.repeat(32), load: async () => new Uint8Array(100) };

    const results = await Promise.all(
      [gone, damaged].map((artifact) => pool.execute(artifact, requestOf(1), { tenantId: 'tnt_a' })),
    );

    expect(results.map(({ outcome }) => outcome)).toEqual(['internal', 'internal']);
    expect(results[0]?.message).toContain('no such object');
    expect((await run(echo, 1)).outcome).toBe('succeeded');
  });

  it('rejects with the reason of a signal and drops the late answer', async () => {
    const controller = new AbortController();
    const context = { tenantId: 'tnt_a', signal: controller.signal };
    const waiting = pool.execute(endless, requestOf(1, { ...unlimited, deadlineMs: 80 }), context);

    controller.abort(new Error('the caller has left'));

    await expect(waiting).rejects.toThrow('the caller has left');
    expect((await run(echo, 1)).outcome).toBe('succeeded');
  });

  it('warms an artifact so that its first run loads nothing', async () => {
    const guest = await guestFromWat(echoWat, 'warm');

    expect(await pool.warm(guest)).toBe(true);
    expect(guest.loads).toBe(1);
    await run(guest, 1);
    expect(guest.loads).toBe(1);
  });

  it('repeats a run bit for bit, in the same process and in another', async () => {
    const guest = await guestFromWat(diceWat);
    const request = requestOf(1);

    const runs = await Promise.all([
      pool.execute(guest, request, { tenantId: 'tnt_a' }),
      pool.execute(guest, request, { tenantId: 'tnt_a' }),
      pool.execute(guest, request, { tenantId: 'tnt_c', isolation: 'dedicated' }),
    ]);
    const [first, ...others] = runs.map((result) => ({ ...result, cpuUs: 0, wallUs: 0 }));
    const another = await pool.execute(guest, { ...request, seed: '00'.repeat(32) }, { tenantId: 'tnt_a' });

    expect(first?.output).toMatch(/^\d{19}$/);
    expect(others).toEqual([first, first]);
    expect(another.output).not.toBe(first?.output);
    expect(another.instructionsUsed).toBe(first?.instructionsUsed);
  });

  it('settings of an Extism plug-in never arrived', async () => {
    const guest = await guestFromWat(settingsWat);

    const request = { ...requestOf(1), config: { a: '"hello"' } };
    const result = await pool.execute(guest, request, { tenantId: 'tnt_a' });

    expect(result).toMatchObject({ outcome: 'succeeded', output: '"hello"' });
  });

  it('refuses settings that no run can carry', async () => {
    const config = { a: 'x'.repeat(1_000_000) };

    const result = await pool.execute(echo, { ...requestOf(1), config }, { tenantId: 'tnt_a' });

    expect(result.outcome).toBe('internal');
    expect(result.message).toContain('The settings of the function are 1000008 bytes');
  });

  it('gives a dedicated tenant a process of its own', async () => {
    await run(echo, 1);
    const before = pool.stats().processes.map(({ pid }) => pid);

    const result = await pool.execute(echo, requestOf(1), { tenantId: 'tnt_b', isolation: 'dedicated' });

    expect(result.outcome).toBe('succeeded');
    const after = pool.stats().processes;
    expect(after).toHaveLength(before.length + 1);
    expect(after.find(({ pid }) => !before.includes(pid))?.executions).toBe(1);
  });

  it('builds an upload and refuses what is none', async () => {
    const good = await pool.build(await import('@bytecodealliance/jco').then(({ parse }) => parse(echoWat)));
    const bad = await pool.build(new Uint8Array([1, 2, 3]));

    expect(good.status).toBe('ready');
    expect(bad).toMatchObject({ status: 'rejected', rejection: { code: 'not_wasm' } });
  });

  it('refuses work above its bound with a typed error', async () => {
    const small = createSandboxPool({ processes: 1, threadsPerProcess: 1, queueMax: 5, sandboxPath });
    try {
      const runs = Array.from({ length: 6 }, (_, index) =>
        small.execute(echo, requestOf(index), { tenantId: 'tnt_a' }),
      );
      const settled = await Promise.allSettled(runs);

      const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      expect(refused).toHaveLength(1);
      expect(refused[0]).toBeInstanceOf(SandboxOverloadedError);
    } finally {
      await small.close();
    }
  });

  it('lets what is in flight finish when it closes, and refuses the rest', async () => {
    const closing = createSandboxPool({ processes: 1, sandboxPath });
    await closing.execute(echo, requestOf(0), { tenantId: 'tnt_a' });
    const last = closing.execute(echo, requestOf(1), { tenantId: 'tnt_a' });

    const closed = closing.close();

    await expect(closing.execute(echo, requestOf(2), { tenantId: 'tnt_a' })).rejects.toThrow(SandboxClosedError);
    expect((await last).output).toBe('1');
    await closed;
  });

  it('replaces a worn-out process without losing an answer', async () => {
    const wearing = createSandboxPool({ processes: 1, sandboxPath, recycleAfterExecutions: 50 });
    try {
      let done = 0;
      while (wearing.stats().recycled < 2 && done < 20_000) {
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, index) => wearing.execute(echo, requestOf(index), { tenantId: 'tnt_a' })),
        );
        expect(results.map(({ output }) => output)).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
        done += 20;
      }
      expect(wearing.stats().recycled).toBeGreaterThanOrEqual(2);
      expect(wearing.stats().crashes).toBe(0);
    } finally {
      await wearing.close();
    }
  });
});
