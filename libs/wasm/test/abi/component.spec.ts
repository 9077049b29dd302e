import { describe, expect, test } from '@jest/globals';
import { build } from '@tenon/wasm';
import { componentOf, textComponent, textCore } from './support/component.js';
import { guestOf, ready, request, runOnce } from './support/run-guest.js';
import { wat } from './support/wat.js';

const echo = '(call $answer (i32.const 0) (local.get $at) (local.get $length))';

describe('a component with run: func(input: string) -> result<string, string>', () => {
  test('gets the input and gives the output', async () => {
    const bytes = await textComponent(echo);
    expect((await ready(bytes)).report).toMatchObject({ abi: 'component', coreModules: 1 });
    expect(await runOnce(bytes, '{"größe":"𝄞"}')).toMatchObject({ outcome: 'succeeded', output: '{"größe":"𝄞"}' });
  });

  test('its error value is a guest_error', async () => {
    const bytes = await textComponent('(call $answer (i32.const 1) (local.get $at) (local.get $length))');
    const result = await runOnce(bytes, '"no stock"');
    expect(result).toMatchObject({ outcome: 'guest_error', guestError: '"no stock"' });
    expect(result.message).toContain('no stock');
    expect(result.backtrace).toBeUndefined();
  });

  test('a fresh instance for every run, with the same counts', async () => {
    const guest = await guestOf(await textComponent(echo));
    const first = guest.run(request('[1]'));
    expect(first.instructionsUsed).toBeGreaterThan(10);
    expect(first.memoryBytesPeak).toBe(65_536);
    expect(guest.run(request('[1]'))).toEqual(first);
  });

  test('an output that is not JSON is invalid_output', async () => {
    expect(await runOnce(await textComponent(echo), 'nonsense')).toMatchObject({ outcome: 'invalid_output' });
  });

  test('an output above its limit is output_too_large', async () => {
    const bytes = await textComponent('(call $answer (i32.const 0) (i32.const 1024) (i32.const 60000))');
    expect(await runOnce(bytes)).toMatchObject({
      outcome: 'output_too_large',
      limit: { name: 'outputBytesMax', max: 20_000, actual: 60_000 },
    });
  });

  test('a trap names its functions', async () => {
    const result = await runOnce(await textComponent('(call $inner) (i32.const 0)', '(func $inner unreachable)'));
    expect(result).toMatchObject({
      outcome: 'trap',
      message: 'The function trapped: unreachable.',
      backtrace: [{ functionName: 'inner' }, { functionName: 'run' }],
    });
  });

  test.each([
    ['in run', '(loop $again (br $again)) (i32.const 0)', ''],
    ['in the start function', echo, '(func $s (loop $again (br $again))) (start $s)'],
  ])('an endless loop %s ends at the instruction limit', async (_where, body, extra) => {
    expect(await runOnce(await textComponent(body, extra))).toMatchObject({
      outcome: 'instruction_limit',
      limit: { name: 'instructionsMax', max: 11_000_000 },
    });
  });

  test('an endless loop in the allocator, which the host calls, ends at the instruction limit', async () => {
    const core = textCore(echo).replace('(local $at i32)', '(local $at i32) (loop $again (br $again))');
    const wit = 'package test:text; world w { export run: func(input: string) -> result<string, string>; }';
    expect(await runOnce(await componentOf(core, wit))).toMatchObject({ outcome: 'instruction_limit' });
  });

  test('recursion without an end is a stack_overflow', async () => {
    expect(await runOnce(await textComponent('(call $run (local.get $at) (local.get $length))'))).toMatchObject({
      outcome: 'stack_overflow',
    });
  });

  test('memory beyond the limit is a memory_limit', async () => {
    const bytes = await textComponent('(drop (memory.grow (i32.const 2000))) unreachable');
    expect(await runOnce(bytes)).toMatchObject({ outcome: 'memory_limit' });
  });
});

test('in a backtrace through several core modules, every frame has the name from its own module', async () => {
  const bytes = await wat(`(component
    (core module $lib (func) (func) (func $deep (export "deep") unreachable))
    (core module $main
      (import "lib" "deep" (func $imported))
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
      (func $entry (export "run") (param i32 i32) (result i32) (call $imported) (i32.const 0)))
    (core instance $l (instantiate $lib))
    (core instance $m (instantiate $main (with "lib" (instance $l))))
    (func (export "run") (param "input" string) (result (result string (error string)))
      (canon lift (core func $m "run") (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))`);
  expect(await runOnce(bytes)).toMatchObject({
    outcome: 'trap',
    backtrace: [
      { functionIndex: 2, functionName: 'deep' },
      { functionIndex: 2, functionName: 'entry' },
    ],
  });
});

describe('a component that breaks the canonical ABI is at fault itself, and Tenon is not', () => {
  test.each([
    ['a discriminant that its type has not', '(call $answer (i32.const 7) (i32.const 0) (i32.const 0))'],
    ['a string outside of its memory', '(call $answer (i32.const 0) (i32.const 65530) (i32.const 100))'],
    ['a string as long as 32 bits go', '(call $answer (i32.const 0) (i32.const 0) (i32.const -1))'],
    ['a result outside of its memory', '(i32.const -4)'],
  ])('%s', async (_name, body) => {
    const result = await runOnce(await textComponent(body));
    expect(result.outcome).toBe('trap');
    expect(result.message).toContain('broke a rule of the Component Model');
  });

  test('an allocator that answers nonsense', async () => {
    const core = textCore(echo).replace('(local.get $at))', '(i32.const -8))');
    const wit = 'package test:text; world w { export run: func(input: string) -> result<string, string>; }';
    expect((await runOnce(await componentOf(core, wit), '"input"')).outcome).toBe('trap');
  });
});

describe('WASI 0.2', () => {
  const wit = `package test:wasi;
    world w {
      import wasi:cli/exit@0.2.3;
      import wasi:random/random@0.2.3;
      import wasi:clocks/wall-clock@0.2.3;
      import wasi:sockets/instance-network@0.2.3;
      export run: func(input: string) -> result<string, string>;
    }
    package wasi:cli@0.2.3 { interface exit { exit: func(status: result); } }
    package wasi:random@0.2.3 { interface random { get-random-u64: func() -> u64; } }
    package wasi:clocks@0.2.3 { interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; } }
    package wasi:sockets@0.2.3 { interface instance-network { resource network; instance-network: func() -> network; } }`;
  const imports = `
    (import "wasi:cli/exit@0.2.3" "exit" (func $exit (param i32)))
    (import "wasi:random/random@0.2.3" "get-random-u64" (func $random (result i64)))
    (import "wasi:clocks/wall-clock@0.2.3" "now" (func $now (param i32)))`;
  const run = async (body: string, seed = '00') =>
    runOnce(await componentOf(textCore(body, imports), wit), '{}', { seed: seed.repeat(32), clockMs: 42_000 });

  test('exit ends the run, whatever the guest catches', async () => {
    const caught = '(block $caught (try_table (catch_all $caught) (call $exit (i32.const 1)))) (i32.const 16)';
    expect(await run(caught)).toMatchObject({ outcome: 'exit_code', exitCode: 1 });
  });

  test('random numbers come from the seed', async () => {
    const body = `(i64.store (i32.const 1024) (i64.or (i64.const 0x3030303030303030)
        (i64.and (call $random) (i64.const 0x0101010101010101))))
      (i32.store8 (i32.const 1024) (i32.const 49))
      (call $answer (i32.const 0) (i32.const 1024) (i32.const 8))`;
    const first = await run(body);
    expect(first.outcome).toBe('succeeded');
    expect((await run(body)).output).toBe(first.output);
    expect((await run(body, '01')).output).not.toBe(first.output);
  });

  test('the clock stands at the time of the request', async () => {
    const body = `(call $now (i32.const 1024))
      (i32.store8 (i32.const 1024) (i32.add (i32.const 48) (i32.sub (i32.load8_u (i32.const 1024)) (i32.const 40))))
      (call $answer (i32.const 0) (i32.const 1024) (i32.const 1))`;
    expect(await run(body)).toMatchObject({ outcome: 'succeeded', output: '2' });
  });

  test('an endless loop of calls ends at the instruction limit after few of them, for each takes the host its time', async () => {
    const result = await run('(loop $more (drop (call $random)) (br $more)) (i32.const 0)');
    expect(result).toMatchObject({ outcome: 'instruction_limit', fuelUsed: 11_000_000 });
    expect(result.instructionsUsed).toBeLessThan(100_000);
  });

  test('an interface that nobody offers is refused by name', async () => {
    const bytes = await componentOf(
      textCore(echo, '(import "acme:store/kv" "get" (func $get (param i32)))'),
      `package test:kv; world w { import acme:store/kv; export run: func(input: string) -> result<string, string>; }
       package acme:store { interface kv { get: func(key: u32); } }`,
    );
    expect(await build(bytes)).toMatchObject({
      status: 'rejected',
      rejection: { code: 'unknown_import', found: 'acme:store/kv', allowed: expect.stringContaining('wasi:cli/exit') },
    });
  });
});

test('a call that may answer with an error does not turn the end of the run into one', async () => {
  const wit = `package test:streams;
    world w {
      import wasi:cli/stderr@0.2.3;
      import wasi:io/streams@0.2.3;
      export run: func(input: string) -> result<string, string>;
    }
    package wasi:io@0.2.3 {
      interface error { resource error; }
      interface streams {
        use error.{error};
        variant stream-error { last-operation-failed(error), closed }
        resource output-stream { blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>; }
      }
    }
    package wasi:cli@0.2.3 {
      interface stderr { use wasi:io/streams@0.2.3.{output-stream}; get-stderr: func() -> output-stream; }
    }`;
  const imports = `
    (import "wasi:cli/stderr@0.2.3" "get-stderr" (func $stderr (result i32)))
    (import "wasi:io/streams@0.2.3" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))`;
  const body = `(local $stream i32) (local.set $stream (call $stderr))
    (i32.store8 (i32.const 1024) (i32.const 33))
    (loop $more
      (call $write (local.get $stream) (i32.const 1024) (i32.const 1) (i32.const 64))
      (br_if $more (i32.eqz (i32.load8_u (i32.const 64)))))
    (call $answer (i32.const 0) (i32.const 1024) (i32.const 1))`;
  const endless = await runOnce(await componentOf(textCore(body, imports), wit));
  expect(endless).toMatchObject({ outcome: 'instruction_limit', fuelUsed: 11_000_000 });
  expect(endless.log.length).toBeGreaterThan(1_000);
});

describe('typed worlds', () => {
  const wit = `package test:typed;
    world w {
      enum tier { basic, very-loyal }
      record cart { currency: string, total-cents: u64, discount: option<u32>, tier: tier }
      record answer { total-cents: u64, free: bool }
      variant trouble { empty-cart, bad-currency(string) }
      export quote-cart: func(cart: cart) -> result<answer, trouble>;
    }`;
  /** Flat: currency (pointer, length), total, discount (tag, value), tier. */
  const core = (body: string): string =>
    textCore('(i32.const 0)').replace(
      /\(func \$run[\s\S]*$/,
      `(func (export "quote-cart") (param $at i32) (param $length i32) (param $total i64) (param $has i32) (param $discount i32) (param $tier i32) (result i32) ${body}))`,
    );
  const succeed = `(i64.store (i32.const 24) (i64.sub (local.get $total) (i64.extend_i32_u (local.get $discount))))
    (i32.store8 (i32.const 32) (local.get $tier)) (i32.const 16)`;
  const input = '{"currency":"EUR","totalCents":"9007199254740993","discount":7,"tier":"very-loyal"}';

  test('JSON is mapped to the types and back; integers beyond 2^53 are strings', async () => {
    const bytes = await componentOf(core(succeed), wit);
    expect((await ready(bytes)).report.abiReason).toContain('types of its function');
    const guest = await guestOf(bytes);
    expect(guest.run(request(input))).toMatchObject({
      outcome: 'succeeded',
      output: '{"totalCents":9007199254740986,"free":true}',
    });
    const small = '{"currency":"EUR","totalCents":5,"discount":null,"tier":"basic"}';
    expect(guest.run(request(small))).toMatchObject({ output: '{"totalCents":5,"free":false}' });
  });

  test('the error of the result is a guest_error, as JSON', async () => {
    const fail = `(i32.store (i32.const 16) (i32.const 1)) (i32.store (i32.const 24) (i32.const 1))
      (i32.store (i32.const 28) (local.get $at)) (i32.store (i32.const 32) (local.get $length)) (i32.const 16)`;
    expect(await runOnce(await componentOf(core(fail), wit), input)).toMatchObject({
      outcome: 'guest_error',
      guestError: '{"tag":"bad-currency","val":"EUR"}',
    });
  });

  test.each([
    ['[]', 'the input is not an object'],
    ['{"currency":1}', 'currency is not a string'],
    ['{"currency":"EUR"}', 'totalCents is not there'],
    ['{"currency":"EUR","totalCents":1.5,"tier":"basic"}', 'totalCents is not an integer'],
    ['{"currency":"EUR","totalCents":1,"tier":"gold"}', 'tier is not "basic"'],
    ['{"currency":"EUR","totalCents":1,"tier":"basic","discount":"x"}', 'discount is not a number'],
    ['{"currency":"EUR","totalCents":1,"tier":"basic","discount":-1}', '-1 is not a number of type u32'],
    ['{"currency":"EUR","totalCents":1,"tier":"basic","discount":1.5}', '1.5 is not a number of type u32'],
    ['{"currency":"EUR","totalCents":"18446744073709551616","tier":"basic"}', 'is not a number of type u64'],
    ['{', 'the input is not JSON'],
  ])('%s is an invalid_input that says where', async (text, why) => {
    const result = await runOnce(await componentOf(core(succeed), wit), text);
    expect(result).toMatchObject({ outcome: 'invalid_input', message: expect.stringContaining(why) });
  });

  test('several functions without a run are refused with their names', async () => {
    const bytes = await componentOf(
      '(module (func (export "a")) (func (export "b")))',
      'package test:two; world w { export a: func(); export b: func(); }',
    );
    expect(await build(bytes)).toMatchObject({ rejection: { code: 'ambiguous_export', found: 'a, b' } });
  });

  test('a component without a function is refused', async () => {
    expect(await build(await wat('(component)'))).toMatchObject({ rejection: { code: 'missing_export' } });
  });
});
