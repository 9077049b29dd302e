import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { extismFunctions } from '../../src/abi/extism/extism-functions.js';
import { ExtismHost } from '../../src/abi/extism/extism-host.js';
import { type ExtismFunction, extismSignatures } from '../../src/abi/extism/signatures.js';
import { RunState } from '../../src/abi/host/run-state.js';
import { guestOf, request, runOnce } from './support/run-guest.js';
import { dataText, wat } from './support/wat.js';

const importsText = Object.entries(extismSignatures)
  .map(([name, signature]) => {
    const [params = '', results = ''] = signature.split(':');
    const types = (codes: string): string => [...codes].map((code) => (code === 'I' ? 'i64' : 'i32')).join(' ');
    return `(import "extism:host/env" "${name}" (func $${name} (param ${types(params)}) (result ${types(results)})))`;
  })
  .join('\n');

/** A plug-in whose memory starts with `data`; `$put at length` copies it into a block as the development kits do. */
async function plugin(body: string, data = '', exportName = 'run'): Promise<Uint8Array> {
  return wat(`(module ${importsText}
    (memory (export "memory") 1)
    (data (i32.const 0) "${dataText(data)}")
    (func $put (param $at i32) (param $length i32) (result i64)
      (local $block i64) (local $i i32)
      (local.set $block (call $alloc (i64.extend_i32_u (local.get $length))))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $length)))
        (call $store_u8 (i64.add (local.get $block) (i64.extend_i32_u (local.get $i)))
          (i32.load8_u (i32.add (local.get $at) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
      (local.get $block))
    (func $main (export "${exportName}") (result i32) ${body}))`);
}

describe('what a plug-in is answered', () => {
  test('its output is the range that it named', async () => {
    const bytes = await plugin(
      '(call $output_set (call $put (i32.const 0) (i32.const 9)) (i64.const 8)) (i32.const 0)',
      '{"a": 1} ',
    );
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'succeeded', output: '{"a": 1}' });
  });

  test('its input is there byte by byte and word by word', async () => {
    const bytes = await plugin(
      `(local $block i64)
       (local.set $block (call $alloc (call $input_length)))
       (call $store_u64 (local.get $block) (call $input_load_u64 (i64.const 0)))
       (call $store_u8 (i64.add (local.get $block) (i64.const 8)) (call $input_load_u8 (i64.const 8)))
       (call $output_set (local.get $block) (call $input_length))
       (i32.const 0)`,
    );
    expect(await runOnce(bytes, '[1,2,3,4]')).toMatchObject({ outcome: 'succeeded', output: '[1,2,3,4]' });
  });

  test('an error value with a code is a guest_error', async () => {
    const bytes = await plugin('(call $error_set (call $put (i32.const 0) (i32.const 8))) (i32.const 3)', 'no stock');
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'guest_error', guestError: 'no stock', exitCode: 3 });
  });

  test('a code without an error value is an exit_code', async () => {
    expect(await runOnce(await plugin('(i32.const 4)'))).toMatchObject({ outcome: 'exit_code', exitCode: 4 });
  });

  test('settings are read with config_get, and what is not set is 0', async () => {
    const bytes = await plugin(
      `(local $value i64)
       (if (i64.ne (call $config_get (call $put (i32.const 4) (i32.const 4))) (i64.const 0)) (then unreachable))
       (local.set $value (call $config_get (call $put (i32.const 0) (i32.const 4))))
       (call $output_set (local.get $value) (call $length (local.get $value)))
       (i32.const 0)`,
      'rate__pr',
    );
    const guest = await guestOf(bytes);
    expect(guest.run({ ...request('{}'), config: { rate: '0.19' } })).toMatchObject({ output: '0.19' });
    expect(guest.run(request('{}'))).toMatchObject({ outcome: 'invalid_output' });
  });

  test('variables live for one run', async () => {
    const bytes = await plugin(
      `(local $found i64)
       (if (i64.ne (call $var_get (call $put (i32.const 0) (i32.const 1))) (i64.const 0)) (then unreachable))
       (call $var_set (call $put (i32.const 0) (i32.const 1)) (call $put (i32.const 1) (i32.const 2)))
       (local.set $found (call $var_get (call $put (i32.const 0) (i32.const 1))))
       (call $output_set (local.get $found) (call $length (local.get $found)))
       (call $var_set (call $put (i32.const 0) (i32.const 1)) (i64.const 0))
       (if (i64.ne (call $var_get (call $put (i32.const 0) (i32.const 1))) (i64.const 0)) (then unreachable))
       (i32.const 0)`,
      'k42',
    );
    const guest = await guestOf(bytes);
    expect(guest.run(request('{}'))).toMatchObject({ outcome: 'succeeded', output: '42' });
    expect(guest.run(request('{}'))).toMatchObject({ outcome: 'succeeded', output: '42' });
  });

  test('its log has the levels', async () => {
    const bytes = await plugin(
      `(call $log_warn (call $put (i32.const 0) (i32.const 3)))
       (call $log_error (call $put (i32.const 0) (i32.const 3)))
       (call $log_info (i64.const 12345))
       (call $output_set (call $put (i32.const 3) (i32.const 1)) (i64.const 1)) (i32.const 0)`,
      'low1',
    );
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'succeeded', log: 'warn: low\nerror: low\n' });
  });

  test('HTTP is denied by name', async () => {
    const result = await runOnce(await plugin('(drop (call $http_request (i64.const 0) (i64.const 0))) (i32.const 0)'));
    expect(result).toMatchObject({ outcome: 'capability_denied', message: expect.stringContaining('http_request') });
  });

  test('_initialize runs before the function', async () => {
    const bytes = await wat(`(module
      (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
      (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
      (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
      (global $block (mut i64) (i64.const 0))
      (func (export "_initialize") (global.set $block (call $alloc (i64.const 1))))
      (func (export "greet") (result i32)
        (call $store (global.get $block) (i32.const 55))
        (call $output_set (global.get $block) (i64.const 1)) (i32.const 0)))`);
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'succeeded', output: '7' });
  });
});

describe('memory of the host that a plug-in asks for', () => {
  test('counts against its limit', async () => {
    const bytes = await plugin('(drop (call $alloc (i64.const 20000000))) (i32.const 0)');
    const result = await runOnce(bytes);
    expect(result).toMatchObject({ outcome: 'memory_limit', limit: { name: 'memoryBytesMax', max: 10_000_000 } });
    expect(result.limit?.actual).toBeGreaterThan(20_000_000);
    expect(result.memoryBytesPeak).toBe(65_536);
  });

  test('counts in tiny blocks too, with what each costs the host', async () => {
    const bytes = await plugin('(loop $more (drop (call $alloc (i64.const 1))) (br $more)) (i32.const 0)');
    const result = await runOnce(bytes, '{}', { limits: { instructionsMax: 100_000_000 } });
    expect(result.outcome).toBe('memory_limit');
    expect(result.instructionsUsed).toBeLessThan(1_000_000);
  });

  test('is used again when it was freed', async () => {
    const bytes = await plugin(
      `(local $i i32)
       (loop $more
         (call $free (call $alloc (i64.const 1000000)))
         (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
       (call $output_set (call $put (i32.const 0) (i32.const 1)) (i64.const 1)) (i32.const 0)`,
      '1',
    );
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'succeeded' });
  });

  test.each(['-1', '9223372036854775807', '-9223372036854775808'])('alloc(%s) is refused', async (length) => {
    expect(await runOnce(await plugin(`(drop (call $alloc (i64.const ${length}))) (i32.const 0)`))).toMatchObject({
      outcome: 'memory_limit',
    });
  });

  test('an output outside of it is invalid_output', async () => {
    const bytes = await plugin('(call $output_set (i64.const 8) (i64.const 100000)) (i32.const 0)');
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'invalid_output' });
  });
});

describe('no argument makes a call of extism:host/env throw anything but the end of the run', () => {
  const edges = [0n, 1n, 7n, 8n, 9n, 16n, 65_535n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, -1n, -(2n ** 63n)];
  const argument = (letter: string): fc.Arbitrary<number | bigint> =>
    letter === 'i'
      ? fc.integer()
      : fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));

  test.each(Object.keys(extismSignatures) as ExtismFunction[])('%s', (name) => {
    const [letters = ''] = extismSignatures[name].split(':');
    fc.assert(
      fc.property(fc.tuple(...[...letters].map(argument)), (values) => {
        const host = new ExtismHost();
        host.begin(new RunState(request('{"some":"input"}')));
        const functions = extismFunctions(host) as Record<string, (...args: unknown[]) => unknown>;
        if (name === 'alloc' && (values[0] as bigint) > 1_000_000n) return;
        if (name === 'alloc' && (values[0] as bigint) < 0n) return;
        functions.alloc?.(24n);
        try {
          functions[name]?.(...values);
        } catch (error) {
          expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
          expect(host.state.ending?.kind).toBe('capability_denied');
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('what the host does for a plug-in is paid for', () => {
  const million = `(local $key i64) (local $value i64)
    (local.set $key (call $alloc (i64.const 1))) (local.set $value (call $alloc (i64.const 1000000)))
    (call $var_set (local.get $key) (local.get $value))`;

  test.each([
    ['reading a variable of a megabyte', '(call $free (call $var_get (local.get $key)))', 200],
    ['asking for a length', '(drop (call $length (local.get $key)))', 150_000],
    ['reading the input', '(drop (call $input_load_u64 (i64.const 0)))', 150_000],
    ['setting a variable', '(call $var_set (local.get $key) (local.get $key))', 50_000],
    ['logging', '(call $log_info (local.get $key))', 50_000],
  ])('%s ends at the instruction limit after few calls', async (_name, call, callsMax) => {
    const result = await runOnce(await plugin(`${million} (loop $more ${call} (br $more)) (i32.const 0)`));
    expect(result).toMatchObject({ outcome: 'instruction_limit', fuelUsed: 11_000_000 });
    // Each round of the loop has at least three instructions.
    expect(result.instructionsUsed / 3).toBeLessThan(callsMax);
  });
});
