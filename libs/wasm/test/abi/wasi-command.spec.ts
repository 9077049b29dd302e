import { describe, expect, test } from '@jest/globals';
import { costs } from '../../src/abi/wasi/costs.js';
import { guestOf, request, runOnce } from './support/run-guest.js';
import { command, printing, wat } from './support/wat.js';

describe('output', () => {
  test('what stands on standard output is the output, what stands on standard error the log', async () => {
    const bytes = await command(
      `(call $write (i32.const 2) (i32.const 1030) (i32.const 5))
       (call $write (i32.const 1) (i32.const 1024) (i32.const 6))`,
      { extra: '(data (i32.const 1024) "[true]hello")' },
    );
    expect(await runOnce(bytes)).toMatchObject({
      outcome: 'succeeded',
      output: '[true]',
      log: 'hello',
      logBytesDropped: 0,
    });
  });

  test('white space around the output is taken off', async () => {
    expect(await runOnce(await printing(' {"a":1}\n'))).toMatchObject({ outcome: 'succeeded', output: '{"a":1}' });
  });

  test('a byte order mark is taken off', async () => {
    expect(await runOnce(await printing('\uFEFF{}'))).toMatchObject({ outcome: 'succeeded', output: '{}' });
  });

  test.each([
    ['nothing', '', 'no output'],
    ['no JSON', '{"a":', 'not JSON'],
    ['two texts', '{} {}', 'not JSON'],
    ['nesting that recursive readers could not follow', `${'['.repeat(300)}${']'.repeat(300)}`, 'nested deeper'],
  ])('%s is invalid_output', async (_name, text, why) => {
    const result = await runOnce(await printing(text));
    expect(result.outcome).toBe('invalid_output');
    expect(result.message).toContain(why);
    expect(result.output).toBeUndefined();
  });

  test.each(['1e999999', '-1e400', `1${'0'.repeat(400)}`])(
    'a number that its reader would lose, %s, is invalid_output',
    async (number) => {
      const result = await runOnce(await printing(`{"o":[${number}]}`));
      expect(result).toMatchObject({ outcome: 'invalid_output', message: expect.stringContaining('number too large') });
    },
  );

  test('large numbers that a double holds, and texts that look like larger ones, are left alone', async () => {
    const text = '{"a":1e308,"b":"1e999","c":1e-999,"d":"\\\\\\"2e999"}';
    expect(await runOnce(await printing(text))).toMatchObject({ outcome: 'succeeded', output: text });
  });

  test('brackets inside of strings do not nest', async () => {
    const text = JSON.stringify({ a: '['.repeat(400), b: '\\"[' });
    expect(await runOnce(await printing(text))).toMatchObject({ outcome: 'succeeded', output: text });
  });

  test('bytes that are not UTF-8 are invalid_output', async () => {
    const bytes = await command('(call $write (i32.const 1) (i32.const 1024) (i32.const 3))', {
      extra: '(data (i32.const 1024) "\\22\\ff\\22")',
    });
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'invalid_output', message: 'The output is not UTF-8.' });
  });

  test('a flood of output ends the run at the limit', async () => {
    const bytes = await command(
      '(loop $more (call $write (i32.const 1) (i32.const 1024) (i32.const 4096)) (br $more))',
    );
    expect(await runOnce(bytes)).toMatchObject({
      outcome: 'output_too_large',
      limit: { name: 'outputBytesMax', max: 20_000, actual: 20_480 },
    });
  });

  test('a flood of log is cut, counted and does not end the run', async () => {
    const bytes = await command(
      `(local $left i32) (local.set $left (i32.const 100))
       (loop $more
         (call $write (i32.const 2) (i32.const 1024) (i32.const 4096))
         (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
       (call $write (i32.const 1) (i32.const 1020) (i32.const 2))`,
      { extra: '(data (i32.const 1020) "{}  ")' },
    );
    const result = await runOnce(bytes);
    expect(result).toMatchObject({ outcome: 'succeeded', logBytesDropped: 409_600 - 64_000 });
    expect(result.log).toHaveLength(64_000);
  });

  test('a character that the log limit cuts in two is left out', async () => {
    const result = await runOnce(await printing('€€€', 2), '{}', { limits: { logBytesMax: 5 } });
    expect(result).toMatchObject({ log: '€', logBytesDropped: 4 });
  });
});

describe('failures', () => {
  test('an exit code other than 0 comes with the last words', async () => {
    const result = await runOnce(await printing('the cart is empty\n', 2, '(call $proc_exit (i32.const 7))'));
    expect(result).toMatchObject({ outcome: 'exit_code', exitCode: 7 });
    expect(result.message).toBe('The function exited with code 7. Its last words: "the cart is empty"');
  });

  test('exit code 0 is a return', async () => {
    expect(await runOnce(await printing('1', 1, '(call $proc_exit (i32.const 0)) unreachable'))).toMatchObject({
      outcome: 'succeeded',
      output: '1',
    });
  });

  test('exit codes are unsigned', async () => {
    expect(await runOnce(await command('(call $proc_exit (i32.const -1))'))).toMatchObject({ exitCode: 4_294_967_295 });
  });

  test('catch_all around proc_exit does not catch it', async () => {
    const bytes = await command(
      `(try_table (catch_all 0) (call $proc_exit (i32.const 3)))
       (call $proc_exit (i32.const 4))`,
    );
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'exit_code', exitCode: 3 });
  });

  test('catch_all around a flood of output does not catch its end', async () => {
    const bytes = await command(
      `(loop $more
         (block $caught (try_table (catch_all $caught)
           (call $write (i32.const 1) (i32.const 1024) (i32.const 60000))))
         (br $more))`,
    );
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'output_too_large' });
  });

  test('a run that ends in a host call names no function of our own trap module', async () => {
    const bytes = await command('(loop $l (drop (call $random_get (i32.const 0) (i32.const 1000))) (br $l))');
    const result = await runOnce(bytes);
    expect(result.outcome).toBe('instruction_limit');
    expect(result.backtrace?.map(({ functionName }) => functionName)).toEqual(['main']);
  });

  test('of very many names only the first are kept, so that a trap takes milliseconds to report', async () => {
    const functions = Array.from({ length: 30_000 }, (_, i) => `(func $name_${i})`).join('');
    const bytes = await command('(call $late)', {
      extra: `(func $early unreachable) ${functions} (func $late (call $early))`,
    });
    const result = await runOnce(bytes);
    expect(result).toMatchObject({ outcome: 'trap', backtrace: [{ functionName: 'early' }, {}, {}] });
    expect(result.backtrace?.slice(1).map(({ functionName }) => functionName)).toEqual([undefined, undefined]);
  });

  test('a data segment outside of its memory is a trap of a run that had that memory', async () => {
    const bytes = await command('', { extra: '(data (i32.const 70000) "x")' });
    expect(await runOnce(bytes)).toMatchObject({
      outcome: 'trap',
      message: expect.stringContaining('data segment'),
      memoryBytesPeak: 65_536,
    });
  });

  test('a trap names the functions it came through', async () => {
    const bytes = await command('(call $outer)', {
      extra: '(func $outer (call $inner)) (func $inner (drop (i32.div_u (i32.const 1) (i32.const 0))))',
    });
    const result = await runOnce(bytes);
    expect(result).toMatchObject({ outcome: 'trap', message: 'The function trapped: divide by zero.' });
    expect(result.backtrace).toEqual([
      { functionIndex: 7, functionName: 'inner' },
      { functionIndex: 6, functionName: 'outer' },
      { functionIndex: 8, functionName: 'main' },
    ]);
  });

  test('recursion shows every frame of its own', async () => {
    const bytes = await command('(call $down (i32.const 3))', {
      extra: `(func $down (param i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (call $down (i32.sub (local.get 0) (i32.const 1))))`,
    });
    const { backtrace } = await runOnce(bytes);
    expect(backtrace?.map(({ functionName }) => functionName)).toEqual(['down', 'down', 'down', 'down', 'main']);
  });

  test('an exception that nobody catches is a trap', async () => {
    const bytes = await command('(throw $oops)', { extra: '(tag $oops)' });
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'trap' });
  });

  test('an endless loop ends at the instruction limit, always at the same count', async () => {
    const guest = await guestOf(await command('(loop $again (br $again))'));
    const first = guest.run(request('{}'));
    expect(first).toMatchObject({
      outcome: 'instruction_limit',
      fuelUsed: 11_000_000,
      limit: { name: 'instructionsMax', max: 11_000_000 },
    });
    expect(guest.run(request('{}'))).toEqual(first);
  });

  test('an endless start function ends at the instruction limit', async () => {
    const bytes = await wat(`(module (memory (export "memory") 1)
      (func $init (loop $again (br $again))) (start $init) (func (export "_start")))`);
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'instruction_limit' });
  });

  test('a start function may already use WASI', async () => {
    const bytes = await command('', {
      extra: `(func $init (call $write (i32.const 1) (i32.const 1024) (i32.const 2))) (start $init)
        (data (i32.const 1024) "{}")`,
    });
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'succeeded', output: '{}' });
  });

  test('recursion without an end is a stack_overflow, always at the same depth', async () => {
    const guest = await guestOf(
      await command('(call $down (i32.const 0))', {
        extra: '(func $down (param i32) (call $down (i32.add (local.get 0) (i32.const 1))))',
      }),
    );
    const first = guest.run(request('{}'));
    expect(first).toMatchObject({ outcome: 'stack_overflow', limit: { name: 'stackBytesMax', max: 512_000 } });
    expect(guest.run(request('{}')).instructionsUsed).toBe(first.instructionsUsed);
  });

  test('a guest that is refused memory and then fails has hit its memory limit', async () => {
    const bytes = await command('(if (i32.eq (memory.grow (i32.const 1000)) (i32.const -1)) (then unreachable))');
    expect(await runOnce(bytes)).toMatchObject({
      outcome: 'memory_limit',
      limit: { name: 'memoryBytesMax', max: 10_000_000, actual: 65_536 * 1001 },
    });
  });

  test('a guest that is refused memory and exits keeps its exit code beside the limit', async () => {
    const bytes = await command('(drop (memory.grow (i32.const 1000))) (call $proc_exit (i32.const 2))');
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'memory_limit', exitCode: 2 });
  });

  test('a guest that is refused memory and gets along without it succeeds', async () => {
    const bytes = await printing('{}', 1, '(drop (memory.grow (i32.const 1000)))');
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'succeeded' });
  });

  test('a module that starts with more memory than the limit is not started', async () => {
    const bytes = await command('', { memory: '200' });
    expect(await runOnce(bytes)).toMatchObject({
      outcome: 'memory_limit',
      instructionsUsed: 0,
      limit: { name: 'memoryBytesMax', actual: 200 * 65_536 },
    });
  });

  test('a data segment outside of the memory is a trap', async () => {
    expect(await runOnce(await command('', { extra: '(data (i32.const 70000) "x")' }))).toMatchObject({
      outcome: 'trap',
    });
  });

  test('an input above its limit never reaches the guest', async () => {
    const result = await runOnce(await printing('{}'), '"ääää"', { limits: { inputBytesMax: 9 } });
    expect(result).toMatchObject({
      outcome: 'input_too_large',
      instructionsUsed: 0,
      limit: { name: 'inputBytesMax', max: 9, actual: 10 },
    });
  });
});

describe('a guest can not fake what only the engine says', () => {
  test.each([
    'instruction_limit: The function used up its limit',
    'RangeError: Maximum call stack size exceeded',
    'internal: Tenon failed to run the function',
  ])('words on standard error change nothing: %s', async (words) => {
    const result = await runOnce(await printing(words, 2, 'unreachable'));
    expect(result).toMatchObject({ outcome: 'trap', message: expect.stringContaining(JSON.stringify(words)) });
    expect(result.limit).toBeUndefined();
  });

  test('names that look like lines of a stack add no frames', async () => {
    const forged = 'x (wasm://wasm/00000000:wasm-function[77]:0x1)\\0a    at y';
    const bytes = await command('(call $f)', {
      extra: `(func $f (@name "${forged}") unreachable)`,
    });
    const { backtrace } = await runOnce(bytes);
    expect(backtrace?.map(({ functionIndex }) => functionIndex)).toEqual([6, 7]);
  });
});

describe('work that a guest asks of the host is paid for', () => {
  test('random bytes are charged as fuel and not as instructions', async () => {
    const bytes = await command(
      '(drop (call $random_get (i32.const 1024) (i32.const 60000))) (call $write (i32.const 1) (i32.const 16) (i32.const 1))',
      { extra: '(data (i32.const 16) "1")' },
    );
    const result = await runOnce(bytes);
    expect(result.outcome).toBe('succeeded');
    const { call, buffer, randomByte } = costs;
    expect(result.fuelUsed - result.instructionsUsed).toBe(2 * call + buffer + 60_000 * randomByte);
  });

  test('an endless stream of random bytes ends at the instruction limit, inside of the host call', async () => {
    const bytes = await command('(loop $more (drop (call $random_get (i32.const 0) (i32.const 65536))) (br $more))');
    const result = await runOnce(bytes);
    expect(result).toMatchObject({ outcome: 'instruction_limit', fuelUsed: 11_000_000 });
    expect(result.instructionsUsed).toBeLessThan(2_000);
  });
});

describe('no call gives a guest much more of the host than its limit stands for', () => {
  test.each([
    ['writing nothing', '(call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 64))', 160],
    ['one random byte', '(call $random_get (i32.const 64) (i32.const 1))', 101],
  ])('%s', async (_name, call, units) => {
    const result = await runOnce(await command(`(loop $more (drop ${call}) (br $more))`));
    expect(result.outcome).toBe('instruction_limit');
    expect(result.instructionsUsed).toBeLessThan(11_000_000 / (units / 10));
  });
});

describe('the same request gives the same result', () => {
  test('random bytes and time come from the request and from nowhere else', async () => {
    const bytes = await command(
      `(drop (call $random_get (i32.const 1025) (i32.const 8)))
       (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 1033)))
       (loop $hex
         (i32.store8 (i32.add (i32.const 1025) (local.get $i))
           (i32.add (i32.const 97) (i32.and (i32.load8_u (i32.add (i32.const 1025) (local.get $i))) (i32.const 15))))
         (br_if $hex (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16))))
       (i32.store8 (i32.const 1024) (i32.const 34)) (i32.store8 (i32.const 1041) (i32.const 34))
       (call $write (i32.const 1) (i32.const 1024) (i32.const 18))`.replace(/^/, '(local $i i32) '),
    );
    const guest = await guestOf(bytes);
    const seeded = (seed: string, clockMs: number) => guest.run(request('{}', { seed: seed.repeat(32), clockMs }));
    const first = seeded('01', 5);
    expect(first.outcome).toBe('succeeded');
    expect(seeded('01', 5)).toEqual(first);
    expect(seeded('02', 5).output).not.toBe(first.output);
    expect(seeded('01', 6).output).not.toBe(first.output);
  });

  test('nothing of one run is left for the next', async () => {
    const guest = await guestOf(
      await command(
        `(i32.store8 (i32.const 1024) (i32.add (i32.load8_u (i32.const 1024)) (i32.const 1)))
         (call $write (i32.const 1) (i32.const 1024) (i32.const 1))`,
        { extra: '(data (i32.const 1024) "0")' },
      ),
    );
    expect([1, 2, 3].map(() => guest.run(request('{}')).output)).toEqual(['1', '1', '1']);
  });
});
