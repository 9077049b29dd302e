import { parse } from '@bytecodealliance/jco';
import { describe, expect, it } from '@jest/globals';
import { meter } from '../support/engine.js';

/** Members of every kind: full, free, leaf, an import, one with a tail call, and one that is exported as well. */
const everyKind = `(module
  (import "host" "add" (func $host (param i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (type $same (func (param i32) (result i32)))
  (type $other (func (param i64) (result i32)))
  (table 12 funcref)
  (elem (i32.const 0) func $host $free $leaf $full $tail $exported)
  (elem (i32.const 4) func $tail $exported $wide)
  (global $count (mut i32) (i32.const 0))
  (func $free (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $leaf (param i32) (result i32)
    (loop $l (result i32)
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if $l (i32.and (local.get 0) (i32.const 7)))
      (local.get 0)))
  (func $full (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 77))
      (else (call_indirect (type $unary) (i32.sub (local.get 0) (i32.const 1)) (i32.const 3)))))
  (func $tail (param i32) (result i32) (return_call $free (i32.mul (local.get 0) (i32.const 2))))
  (func $exported (export "exported") (param i32) (result i32) (call $full (local.get 0)))
  (func $wide (param i64) (result i32) (i32.wrap_i64 (local.get 0)))
  (func $callsMember (param i32) (result i32) (call $leaf (local.get 0)))
  (func (export "viaLeaf") (param i32) (result i32) (call $callsMember (local.get 0)))
  (func (export "call") (param i32 i32) (result i32) (call_indirect (type $same) (local.get 1) (local.get 0)))
  (func (export "size") (result i32) (table.size 0)))`;

const imports = { host: { add: (value: number) => value + 100 } };

async function plainError(index: number): Promise<string> {
  const module = new WebAssembly.Module((await parse(everyKind)) as Uint8Array<ArrayBuffer>);
  const { call } = new WebAssembly.Instance(module, imports).exports;
  try {
    if (typeof call === 'function') call(index, 5);
  } catch (error) {
    return String(error);
  }
  throw new Error('the call did not fail');
}

describe('a table that stays inside the module', () => {
  it.each([
    ['an import', 0, 5, 105],
    ['a function its callers pay for', 1, 5, 6],
    ['a leaf with a loop', 2, 5, 8],
    ['a function that calls through the table', 3, 5, 77],
    ['a function with a tail call', 4, 5, 11],
    ['a function that is exported as well', 5, 5, 77],
  ])('calls %s', async (_kind, index, argument, expected) => {
    const { call } = await meter(everyKind, imports);
    expect(call('call', [index, argument])).toMatchObject({ value: expected, usage: { tripped: 'none' } });
  });

  it.each([
    ['an element of another type', 6],
    ['an empty element', 7],
    ['an element beyond the end', 12],
  ])('traps as it would without metering at %s, with an exact count', async (_kind, index) => {
    const { call } = await meter(everyKind, imports);
    const outcome = call('call', [index, 5]);
    expect(outcome).toMatchObject({ usage: { instructions: 4n, tripped: 'none' } });
    expect(outcome.error).toBe(await plainError(index));
  });

  it('counts calls through it as any other', async () => {
    const { call } = await meter(everyKind, imports);
    // 1 + 3 for the call, and for each of 6 rounds of $full: 1 to enter, 3 up to the if, and 5 more unless it ends.
    expect(call('call', [3, 5]).usage.instructions).toBe(BigInt(4 + 5 * (1 + 3 + 5) + 1 + 3 + 1));
    expect(call('call', [1, 5]).usage.instructions).toBe(8n);
  });

  it('can be asked for its size, and its members can be called by name', async () => {
    const { call } = await meter(everyKind, imports);
    expect(call('size').value).toBe(12);
    expect(call('exported', [3]).value).toBe(77);
    expect(call('viaLeaf', [1]).value).toBe(8);
  });

  it('bounds recursion through it at the same depth each time, and in fuel', async () => {
    const { call } = await meter(everyKind, imports);
    const first = call('call', [3, 1_000_000]);
    expect(first.usage.tripped).toBe('stack_overflow');
    expect(call('call', [3, 1_000_000]).usage.instructions).toBe(first.usage.instructions);
    expect(call('call', [3, 500], 1_000).usage.tripped).toBe('instruction_limit');
  });
});

describe('a table that others can look into', () => {
  const member = '(func $f (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))';
  const caller = '(func (export "call") (result i32) (call_indirect (type $t) (i32.const 4) (i32.const 0)))';
  it.each([
    ['is exported', '(export "table" (table 0))'],
    ['is written to', '(func (export "set") (table.set 0 (i32.const 0) (ref.null func)))'],
    ['is read from', '(func (export "get") (result funcref) (table.get 0 (i32.const 0)))'],
    [
      'is filled from a passive segment',
      '(elem func $f) (func (table.init 0 1 (i32.const 0) (i32.const 0) (i32.const 1)))',
    ],
    [
      'is called through by a tail call',
      '(func (result i32) (return_call_indirect (type $t) (i32.const 1) (i32.const 0)))',
    ],
    ['stands in a module that takes references', '(elem declare func $f) (func (result funcref) (ref.func $f))'],
  ])('keeps functions of their own type when it %s', async (_use, part) => {
    const { instance, call } = await meter(
      `(module (type $t (func (param i32) (result i32))) (table 1 1 funcref) (elem (i32.const 0) func $f) ${member} ${caller} ${part})`,
    );
    expect(call('call').value).toBe(5);
    const { table } = instance.exports;
    const element: unknown = table instanceof WebAssembly.Table ? table.get(0) : undefined;
    if (table !== undefined) expect(typeof element === 'function' && (element as (value: number) => number)(1)).toBe(2);
  });
});
