import { describe, expect, test } from '@jest/globals';
import { componentOf, textCore } from './support/component.js';
import { guestOf, type RequestOptions, request, runOnce } from './support/run-guest.js';

const wit = `package test:calls;
  world w {
    import wasi:cli/stderr@0.2.3;
    import wasi:io/streams@0.2.3;
    import wasi:http/types@0.2.3;
    export run: func(input: string) -> result<string, string>;
  }
  package wasi:http@0.2.3 {
    interface types { resource fields { from-list: static func(entries: list<list<u8>>) -> result<fields, u8>; } }
  }
  package wasi:io@0.2.3 {
    interface error { resource error; }
    interface streams {
      use error.{error};
      variant stream-error { last-operation-failed(error), closed }
      resource output-stream { write: func(contents: list<u8>) -> result<_, stream-error>; }
    }
  }
  package wasi:cli@0.2.3 {
    interface stderr { use wasi:io/streams@0.2.3.{output-stream}; get-stderr: func() -> output-stream; }
  }`;
const imports = `
  (import "wasi:cli/stderr@0.2.3" "get-stderr" (func $stderr (result i32)))
  (import "wasi:http/types@0.2.3" "[static]fields.from-list" (func $fields (param i32 i32 i32)))
  (import "wasi:io/streams@0.2.3" "[method]output-stream.write" (func $write (param i32 i32 i32 i32)))`;
const ok = `(i32.store8 (i32.const 1024) (i32.const 49)) (call $answer (i32.const 0) (i32.const 1024) (i32.const 1))`;
const caught = (call: string): string => `(block $caught (try_table (catch_all $caught) ${call}))`;
const write = (stream: string, length: number): string =>
  `(call $write ${stream} (i32.const 0) (i32.const ${length}) (i32.const 64))`;

async function run(body: string, limits: RequestOptions['limits'] = {}) {
  return runOnce(await componentOf(textCore(body, imports), wit), '{}', { limits });
}

describe('what ends a component in a host call is nothing that it could catch', () => {
  test('running out of fuel', async () => {
    const once = caught(write('(local.get $at)', 65_536));
    const body = `(local.set $at (call $stderr)) ${once} ${once} ${ok}`;
    const result = await run(body, { instructionsMax: 10_000 });
    expect(result).toMatchObject({ outcome: 'instruction_limit', fuelUsed: 10_000 });
  });

  test('more bytes than a stream takes at once', async () => {
    const body = `(local.set $at (call $stderr)) ${caught(write('(local.get $at)', 65_537))} ${ok}`;
    const core = textCore(body, imports).replace('"memory") 1', '"memory") 2');
    expect(await runOnce(await componentOf(core, wit))).toMatchObject({ outcome: 'trap', log: '' });
  });

  test('a handle that it does not hold, which is its own fault', async () => {
    expect(await run(`${caught(write('(i32.const 77)', 5))} ${ok}`)).toMatchObject({
      outcome: 'trap',
      message: 'The function broke a rule of the Component Model: it used a handle that it does not hold.',
    });
  });

  test('a pointer outside of its memory', async () => {
    const call = '(call $write (local.get $at) (i32.const 0) (i32.const 5) (i32.const -1))';
    expect(await run(`(local.set $at (call $stderr)) ${caught(call)} ${ok}`)).toMatchObject({ outcome: 'trap' });
  });

  test('and what does not end it is the same in every run', async () => {
    const guest = await guestOf(await componentOf(textCore(`${write('(call $stderr)', 3)} ${ok}`, imports), wit));
    const first = guest.run(request('{}'));
    expect(first).toMatchObject({ outcome: 'succeeded', output: '1' });
    expect(guest.run(request('{}'))).toEqual(first);
  });
});

describe('lists that hold the same bytes many times over', () => {
  const same = (count: number, length: number, at = 4096): string => `(local $i i32)
    (loop $more
      (i32.store (i32.add (i32.const ${at}) (i32.mul (local.get $i) (i32.const 8))) (i32.const 0))
      (i32.store (i32.add (i32.const ${at + 4}) (i32.mul (local.get $i) (i32.const 8))) (i32.const ${length}))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))`;
  const lists = async (of: string, count: number, length: number) => {
    const core = textCore(
      `${same(count, length)} (i32.store (i32.const 16) (i32.const 4096)) (i32.store (i32.const 20) (i32.const ${count})) (i32.const 16)`,
    );
    return runOnce(
      await componentOf(core, `package test:lists; world w { export run: func(input: string) -> ${of}; }`),
      '"x"',
    );
  };

  test.each([
    ['list<list<u8>>', 60_000],
    ['list<string>', 60_000],
    ['list<list<bool>>', 60_000],
    ['list<list<f32>>', 15_000],
  ])('a result of type %s ends as output_too_large before it is copied', async (of, length) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(await lists(of, 5_000, length)).toMatchObject({
      outcome: 'output_too_large',
      limit: { name: 'outputBytesMax', max: 20_000 },
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  test('a result within the limit of the output is as it was', async () => {
    expect(await lists('list<list<u8>>', 2, 1)).toMatchObject({ outcome: 'succeeded', output: '[[0],[0]]' });
    expect(await lists('list<string>', 2, 0)).toMatchObject({ outcome: 'succeeded', output: '["",""]' });
  });

  test('as arguments of a host call they count as memory while the call lasts', async () => {
    const body = `${same(5_000, 60_000)} (call $fields (i32.const 4096) (i32.const 5000) (i32.const 64)) ${ok}`;
    expect(await run(body)).toMatchObject({ outcome: 'memory_limit', limit: { name: 'memoryBytesMax' } });
  });
});
