import { parse } from '@bytecodealliance/jco';
import { describe, expect, it } from '@jest/globals';
import { createCounters, instantiate, refill, rewrite, used } from '@tenon/wasm';
import { meter, refusal } from '../support/engine.js';

describe('the instruction limit', () => {
  const endless: readonly (readonly [string, string])[] = [
    ['an empty loop', '(func (export "run") (loop (br 0)))'],
    [
      'a loop left and entered through its own blocks',
      '(func (export "run") (loop $l (block $b (br_if $b (i32.const 1)) (nop)) (br $l)))',
    ],
    ['a br_table back to the loop', '(func (export "run") (loop $l (br_table $l $l (i32.const 0))))'],
    ['tail calls', '(func $f (export "run") (return_call $f))'],
    [
      'indirect tail calls',
      '(type $t (func)) (table funcref (elem $f)) (func $f (export "run") (return_call_indirect (type $t) (i32.const 0)))',
    ],
    ['exceptions', '(tag $e) (func (export "run") (loop $l (block $h (try_table (catch_all $h) (throw $e))) (br $l)))'],
    ['legacy exceptions', '(tag $e) (func (export "run") loop try (throw $e) catch_all br 1 end end)'],
    [
      'calls that branch twice',
      '(func $f (param i32) (result i32) (if (i32.eqz (local.get 0)) (then (return (i32.const 0)))) (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (call $f (i32.sub (local.get 0) (i32.const 1))))) (func (export "run") (drop (call $f (i32.const 64))))',
    ],
    [
      'filling a table',
      '(table 1000 funcref) (func (export "run") (loop (table.fill (i32.const 0) (ref.null func) (i32.const 1000)) (br 0)))',
    ],
  ];

  it.each(endless)('ends %s', async (_name, body) => {
    const { call } = await meter(`(module ${body})`);
    const { error, usage } = call('run', [], 100_000);
    expect(error).toBe('RuntimeError: unreachable');
    expect([usage.tripped, usage.fuel]).toEqual(['instruction_limit', 100_000n]);
    expect(usage.instructions <= usage.fuel).toBe(true);
  });

  it('is exact: what a run needs is enough, one less is not', async () => {
    const { call } = await meter(
      '(module (func (export "run") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))',
    );
    const needed = Number(call('run', [5_000]).usage.fuel);
    expect(call('run', [5_000], needed).usage.tripped).toBe('none');
    expect(call('run', [5_000], needed - 1).usage.tripped).toBe('instruction_limit');
  });

  it('cannot be caught by the guest', async () => {
    const { call } = await meter(
      '(module (func $spin (loop (br 0))) (func (export "run") (result i32) (block $h (try_table (catch_all $h) (call $spin))) (i32.const 2)))',
    );
    expect(call('run', [], 10_000).error).toBe('RuntimeError: unreachable');
  });

  it('holds when an outside caller comes with nothing left, however little it asks for', async () => {
    const { call } = await meter('(module (func (export "run") (result i32) (i32.const 1)))');
    expect(call('run', [], 1).usage.tripped).toBe('instruction_limit');
    expect(call('run', [], 2).value).toBe(1);
  });

  it('counts the start function', async () => {
    const module = new WebAssembly.Module(rewrite(await parse('(module (start $s) (func $s (loop (br 0))))')).bytes);
    expect(() => instantiate(module, {}, { fuel: 1_000 })).toThrow(WebAssembly.RuntimeError);
  });

  it('is asked about when the start function has come back', async () => {
    const body = `(local $i i32) (loop $l (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1)))
      (i32.const 300)))) ${'(local.set $i (i32.const 0))'.repeat(6)}`;
    const { bytes } = rewrite(await parse(`(module (start $s) (func $s ${body}))`));
    const module = new WebAssembly.Module(bytes);
    const needed = Number(used(instantiate(module)).instructions);
    expect(needed).toBe(1 + 300 * 7 + 12);
    expect(() => instantiate(module, {}, { fuel: needed })).not.toThrow();
    for (let less = 1; less <= 20; less++) {
      expect(() => instantiate(module, {}, { fuel: needed - less })).toThrow(WebAssembly.RuntimeError);
    }
  });

  it('is asked about when a function has come back that was taken out of a table', async () => {
    const body = `(local $i i32) (loop $l (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1)))
      (i32.const 300)))) ${'(local.set $i (i32.const 0))'.repeat(70)}`;
    const { bytes } = rewrite(
      await parse(`(module (table (export "t") 1 funcref) (elem (i32.const 0) $f) (func $f ${body}))`),
    );
    const instance = instantiate(new WebAssembly.Module(bytes));
    const { t } = instance.exports;
    const run: unknown = t instanceof WebAssembly.Table ? t.get(0) : undefined;
    if (typeof run !== 'function') throw new TypeError('no function in the table');
    const needed = 1 + 300 * 7 + 140;
    for (let less = 0; less <= 150; less++) {
      refill(instance, needed - less);
      if (less === 0) expect(() => run()).not.toThrow();
      else expect(() => run()).toThrow(WebAssembly.RuntimeError);
    }
  });

  it('counts no less than nothing when an operator that was charged by size traps', async () => {
    const { call } = await meter(
      '(module (memory 1) (func (export "run") (memory.fill (i32.const 8) (i32.const 1) (i32.const 65536))))',
    );
    const { error, usage } = call('run');
    expect(error).toMatch(/out of bounds/);
    expect([usage.instructions, usage.bulk]).toEqual([5n, 8n + 65_536n / 8n]);
  });

  it('lags by less than a slice after a trap of the engine', async () => {
    const { call } = await meter(
      '(module (func (export "run") (param i32) (result i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.div_u (i32.const 1) (local.get 0))))',
    );
    const { error, usage } = call('run', [100_000]);
    expect(error).toMatch(/divide by zero/);
    expect(Math.abs(Number(usage.instructions) - 500_004)).toBeLessThan(8_300);
  });

  it('lags by less than a slice after a trap in any strip of a loop that counts', async () => {
    const { call } = await meter(`(module (memory 1) (func (export "run") (param $n i32) (local $i i32)
      (loop $l (if (i32.lt_u (local.get $i) (local.get $n)) (then
        (i32.store (i32.mul (local.get $i) (i32.const 40)) (i32.const 1))
        (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l))))
      (i32.store (i32.const -1) (i32.const 0))))`);
    for (const rounds of [10, 300, 600, 1_000, 1_639, 10_000]) {
      const ran = 1 + Math.min(rounds, 1_639) * 14 + (rounds < 1_639 ? 7 : 8);
      expect(Math.abs(Number(call('run', [rounds]).usage.instructions) - ran)).toBeLessThan(8_192 + 260);
    }
  });
});

describe('the stack', () => {
  const params = (count: number, type: string): string => `(param ${`${type} `.repeat(count)})`;
  const values = (count: number, text: string): string => text.repeat(count);
  const shapes: readonly (readonly [string, string, string])[] = [
    ['no parameters', '', ''],
    ['100 parameters', params(100, 'i32'), values(100, '(i32.const 1)')],
    ['900 parameters', params(900, 'i64'), values(900, '(i64.const 1)')],
    ['vectors', params(50, 'v128'), values(50, '(v128.const i64x2 0 0)')],
  ];

  it.each(shapes)('overflows at the same depth in every tier: %s', async (_name, declared, given) => {
    const { call, instance } = await meter(`(module (global $d (export "depth") (mut i32) (i32.const 0))
      (func $f ${declared} (result i32) (global.set $d (i32.add (global.get $d) (i32.const 1))) (i32.add (call $f ${given}) (i32.const 1)))
      (func (export "run") (result i32) (global.set $d (i32.const 0)) (call $f ${given})))`);
    const depths = new Set<unknown>();
    for (let round = 0; round < 100; round++) {
      const { error, usage } = call('run');
      expect([error, usage.tripped]).toEqual(['RangeError: Maximum call stack size exceeded', 'stack_overflow']);
      const { depth } = instance.exports;
      if (depth instanceof WebAssembly.Global) depths.add(depth.value);
    }
    expect(depths.size).toBe(1);
  });

  it('has room before the engine overflows for functions of 900 results', async () => {
    const { call } = await meter(
      `(module (func $f (result ${'i64 '.repeat(900)}) (call $f)) (func (export "run") (call $f) ${'drop '.repeat(900)}))`,
    );
    expect(call('run').usage.tripped).toBe('stack_overflow');
  });

  it('is whole again for the next caller after a trap deep inside', async () => {
    const { call } = await meter(`(module (type $t (func (param i32))) (table funcref (elem $f))
      (func $f (export "run") (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))) (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))`);
    for (let round = 0; round < 50; round++) expect(call('run', [1_000]).error).toBe('RuntimeError: unreachable');
  });

  it('cannot be caught by the guest', async () => {
    const { call } = await meter(
      '(module (func $f (call $f)) (func (export "run") (result i32) (block $h (try_table (catch_all $h) (call $f))) (i32.const 2)))',
    );
    expect(call('run').error).toMatch(/^RangeError/);
  });

  it('lets tail calls run for ever as far as the stack goes', async () => {
    const { call } = await meter(
      '(module (func $f (export "run") (param i32) (result i32) (if (i32.eqz (local.get 0)) (then (return (i32.const 7)))) (return_call $f (i32.sub (local.get 0) (i32.const 1)))))',
    );
    expect(call('run', [1_000_000]).value).toBe(7);
  });
});

describe('the memory budget', () => {
  const text = `(module (memory 1) (memory $m 1) (table 10 funcref)
    (func (export "grow") (param i32) (result i32) (memory.grow $m (local.get 0)))
    (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))`;

  it('covers all memories and tables together and reports what it refused', async () => {
    const { call } = await meter(text, {}, { memoryBytesMax: 4 * 65_536 + 1_000 });
    expect(call('grow', [1]).value).toBe(1);
    expect(call('grow', [2]).value).toBe(-1);
    expect(call('table', [100]).value).toBe(10);
    const { value, usage } = call('table', [10_000]);
    expect([value, usage.tripped, usage.memoryBytesRefused]).toEqual([-1, 'memory_limit', 80_000n]);
    expect(usage.memoryBytes).toBe(BigInt(3 * 65_536 + 110 * 8));
  });

  it('writes the ceiling into the memories of the module', async () => {
    const { instance } = await meter('(module (memory (export "m") 1 1000))', {}, { memoryBytesMax: 3 * 65_536 });
    const { m } = instance.exports;
    if (!(m instanceof WebAssembly.Memory)) throw new TypeError('no memory');
    expect(() => m.grow(3)).toThrow(RangeError);
  });

  it('refuses a module that starts above it', async () => {
    const bytes = await parse('(module (memory 100))');
    expect(refusal(() => rewrite(bytes, { memoryBytesMax: 65_536 })).code).toBe('memory_limit');
  });
});

describe('several modules with one budget', () => {
  it('share instructions and stack', async () => {
    const make = async (text: string): Promise<WebAssembly.Module> =>
      new WebAssembly.Module(rewrite(await parse(text), { counters: 'imported' }).bytes);
    const counters = createCounters({ fuel: 1_000_000 });
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
    const imports = { h: { table }, $tenon: counters.globals };
    const second = await make(`(module (import "h" "table" (table 1 funcref)) (type $t (func (param i32) (result i32)))
      (func (export "f") (type $t) (call_indirect (type $t) (local.get 0) (i32.const 0))))`);
    const b = instantiate(second, imports) as { exports: Record<string, WebAssembly.ImportValue> };
    const first =
      await make(`(module (import "h" "table" (table 1 funcref)) (import "b" "f" (func $f (param i32) (result i32)))
      (global $own (mut i32) (i32.const 5)) (elem (i32.const 0) $g)
      (func $g (export "g") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (global.get $own))))
        (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))))`);
    const { g } = instantiate(first, { ...imports, b: b.exports }).exports;
    if (typeof g !== 'function') throw new TypeError('no export g');
    expect(g(10)).toBe(15);
    expect(counters.used().instructions).toBe(BigInt(10 * (10 + 4) + 5));
    expect(() => g(-1)).toThrow(RangeError);
    expect(counters.used().tripped).toBe('stack_overflow');
  });
});

describe('counters', () => {
  it('are out of reach of a module that guesses their index', () => {
    const bytes = Uint8Array.of(
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
      ...[10, 8, 1, 6, 0, 0x42, 0, 0x24, 0, 0x0b],
    );
    const error = refusal(() => rewrite(bytes));
    expect([error.code, error.offset, error.section, error.functionIndex]).toEqual([
      'index_out_of_range',
      26,
      'code',
      0,
    ]);
  });

  it('start where refill puts them', async () => {
    const { instance } = await meter('(module (func (export "run")))');
    expect(used(instance)).toMatchObject({ instructions: 0n, fuel: 0n, tripped: 'none' });
  });
});
