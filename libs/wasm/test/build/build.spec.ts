import { describe, expect, test } from '@jest/globals';
import { build } from '@tenon/wasm';
import fc from 'fast-check';
import { command, wat } from '../abi/support/wat.js';

async function rejection(bytes: Uint8Array) {
  const result = await build(bytes);
  return result.status === 'rejected' ? result.rejection : result;
}

describe('an upload that fits no ABI is refused by name', () => {
  test.each([
    [
      'an import that nobody offers',
      '(import "env" "foo" (func)) (memory (export "memory") 1) (func (export "_start"))',
      { code: 'unknown_import', found: 'env.foo (function)' },
    ],
    [
      'an import of a memory',
      '(import "env" "memory" (memory 1)) (func (export "_start"))',
      { code: 'unknown_import', found: 'env.memory (memory)' },
    ],
    [
      'a function of WASI with another type',
      '(import "wasi_snapshot_preview1" "fd_write" (func (param i64) (result i32))) (memory (export "memory") 1) (func (export "_start"))',
      {
        code: 'import_type_mismatch',
        found: 'wasi_snapshot_preview1.fd_write (i64) -> (i32)',
        allowed: 'wasi_snapshot_preview1.fd_write (i32, i32, i32, i32) -> (i32)',
      },
    ],
    [
      'the WASI before preview 1',
      '(import "wasi_unstable" "proc_exit" (func (param i32))) (memory (export "memory") 1) (func (export "_start"))',
      { code: 'unknown_import', found: 'wasi_unstable.proc_exit (function)' },
    ],
    [
      'a function of preview 1 that does not exist',
      '(import "wasi_snapshot_preview1" "fd_fly" (func)) (memory (export "memory") 1) (func (export "_start"))',
      { code: 'unknown_import', found: 'wasi_snapshot_preview1.fd_fly (function)' },
    ],
    [
      'a reactor',
      '(import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (memory (export "memory") 1) (func (export "_initialize"))',
      { code: 'missing_export', found: '_initialize (function)' },
    ],
    ['no memory', '(func (export "_start"))', { code: 'missing_export', allowed: 'memory (memory)' }],
    [
      'a 64-bit memory',
      '(memory (export "memory") i64 1) (func (export "_start"))',
      { code: 'export_type_mismatch', found: 'memory (64-bit memory)' },
    ],
    [
      'a start that wants arguments',
      '(memory (export "memory") 1) (func (export "_start") (param i32))',
      { code: 'export_type_mismatch', found: '_start (i32) -> ()' },
    ],
    [
      'a start that is no function',
      '(memory (export "memory") 1) (global (export "_start") i32 (i32.const 0))',
      { code: 'export_type_mismatch', found: '_start (global)' },
    ],
    ['nothing at all', '', { code: 'unknown_abi', found: 'no exports' }],
    [
      'a plug-in with two functions and no run',
      '(import "extism:host/env" "input_length" (func (result i64))) (func (export "a") (result i32) (i32.const 0)) (func (export "b") (result i32) (i32.const 0))',
      { code: 'ambiguous_export', found: 'a, b' },
    ],
    [
      "a plug-in with a host function of its embedder's",
      '(import "extism:host/env" "input_length" (func (result i64))) (import "extism:host/user" "kv_read" (func (param i64) (result i64))) (func (export "run") (result i32) (i32.const 0))',
      { code: 'unknown_import', found: 'extism:host/user.kv_read (function)' },
    ],
  ])('%s', async (_name, body, expected) => {
    expect(await rejection(await wat(`(module ${body})`))).toMatchObject(expected);
  });

  test('many unknown imports are named up to a point and then counted', async () => {
    const imports = Array.from({ length: 40 }, (_, i) => `(import "env" "f${i}" (func))`).join(' ');
    const refused = await rejection(
      await wat(`(module ${imports} (memory (export "memory") 1) (func (export "_start")))`),
    );
    expect(refused).toMatchObject({ found: expect.stringMatching(/env\.f7 \(function\) and 32 more$/) });
  });

  test('control characters in names do not reach the reader', async () => {
    const bytes = await wat(
      '(module (import "env" "a\\0d\\0ab\\1b[31m" (func)) (memory (export "memory") 1) (func (export "_start")))',
    );
    expect(await rejection(bytes)).toMatchObject({ found: 'env.a\u{FFFD}\u{FFFD}b\u{FFFD}[31m (function)' });
  });
});

describe('an upload that is no valid module is refused', () => {
  test.each([
    ['nothing', Uint8Array.of(), 'not_wasm'],
    ['text', new TextEncoder().encode('(module)'), 'not_wasm'],
    ['another version', Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0), 'unknown_version'],
    ['a component that ends early', Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0, 1, 200), 'unexpected_end'],
    ['too large', new Uint8Array(4_000_001).fill(0).with(0, 0), 'not_wasm'],
  ])('%s', async (_name, bytes, code) => {
    expect(await rejection(bytes)).toMatchObject({ code });
  });

  test('above the limit, with both sizes', async () => {
    const bytes = new Uint8Array(4_000_001);
    bytes.set([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    expect(await rejection(bytes)).toMatchObject({
      code: 'module_bytes_limit',
      found: '4000001 bytes',
      allowed: '4000000 bytes',
    });
  });

  test('a type error in a body, with the function', async () => {
    // (func (result i32) i64.const 0): the text format does not check types.
    const bytes = await wat(
      '(module (memory (export "memory") 1) (func (export "_start")) (func (result i32) (i64.const 0)))',
    );
    expect(await rejection(bytes)).toMatchObject({ code: 'invalid_module', functionIndex: 1 });
  });

  test('threads by name', async () => {
    const bytes = await wat('(module (memory (export "memory") 1 1 shared) (func (export "_start")))');
    expect(await rejection(bytes)).toMatchObject({ code: 'feature_refused' });
  });
});

test('the same bytes give the same artifact', async () => {
  const bytes = await command('(call $proc_exit (i32.const 0))');
  const [first, second] = [await build(bytes), await build(bytes.slice())];
  expect(first.status).toBe('ready');
  expect(first).toEqual(second);
});

test('no mutation of an upload makes the build throw or fail', async () => {
  const bytes = await command('(call $write (i32.const 1) (i32.const 0) (i32.const 5))', {
    extra: '(data (i32.const 0) "hello") (table 3 funcref) (elem (i32.const 0) $main $write)',
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
      fc.nat(bytes.length),
      fc.boolean(),
      async (changes, length, cut) => {
        const mutated = bytes.slice(0, cut ? length : bytes.length);
        for (const [at, value] of changes) if (at < mutated.length) mutated[at] = value;
        expect(['ready', 'rejected']).toContain((await build(mutated)).status);
      },
    ),
    { numRuns: 500 },
  );
});
