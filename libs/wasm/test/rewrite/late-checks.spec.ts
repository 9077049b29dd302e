import { describe, expect, it } from '@jest/globals';
import { meter } from '../support/engine.js';

/** Short functions that may be done before they call anything; `$d` counts how often `$f` was entered. */
const functions: readonly (readonly [string, string, number])[] = [
  [
    'an early return',
    '(if (i32.eqz (local.get 0)) (then (return (i32.const 1)))) (i32.add (call $less) (call $less))',
    9,
  ],
  [
    'a call in one arm and one behind',
    '(if (i32.and (local.get 0) (i32.const 1)) (then (drop (call $less)))) (if (result i32) (local.get 0) (then (call $less)) (else (i32.const 1)))',
    9,
  ],
  [
    'a table of branches',
    '(block $a (block $b (block $c (br_table $a $b $c (local.get 0))) (return (call $less))) (return (call $less))) (i32.const 1)',
    20,
  ],
  [
    'a loop before the first call',
    '(local i32) (local.set 1 (i32.const 3)) (loop $l (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1))))) (if (result i32) (local.get 0) (then (call $less)) (else (i32.const 1)))',
    20,
  ],
  [
    'a loop with the call in it',
    '(local i32) (local.set 1 (i32.const 2)) (if (i32.eqz (local.get 0)) (then (return (i32.const 1)))) (loop $l (drop (call $less)) (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1))))) (i32.const 1)',
    8,
  ],
  [
    'a call through a table',
    '(if (i32.eqz (local.get 0)) (then (return (i32.const 1)))) (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))',
    20,
  ],
];

function recursion(body: string): string {
  return `(module (type $t (func (param i32) (result i32))) (table 1 1 funcref) (elem (i32.const 0) $f)
    (global $d (export "depth") (mut i32) (i32.const 0))
    (func $f (type $t) ${body.replaceAll('(call $less)', '(call $enter (i32.sub (local.get 0) (i32.const 1)))')})
    (func $enter (param i32) (result i32) (global.set $d (i32.add (global.get $d) (i32.const 1))) (call $f (local.get 0)))
    (func (export "run") (param i32) (result i32) (global.set $d (i32.const 0)) (call $f (local.get 0))))`;
}

describe('a function that asks before its first call', () => {
  it.each(functions)('ends at exactly the limit, with %s', async (_name, body, depth) => {
    const { call } = await meter(recursion(body));
    const whole = call('run', [depth]);
    const needed = Number(whole.usage.fuel);
    expect(whole.usage.tripped).toBe('none');
    expect(call('run', [depth], needed)).toMatchObject({ value: whole.value, usage: { tripped: 'none' } });
    for (const fuel of [0, 1, 7, needed >> 1, needed - 2, needed - 1]) {
      expect(call('run', [depth], fuel).usage.tripped).toBe('instruction_limit');
    }
  });

  it.each(functions)('nests as deep in every tier, with %s', async (_name, body) => {
    const { call, instance } = await meter(recursion(body));
    const depths = new Set<unknown>();
    for (let round = 0; round < 60; round++) {
      const { usage } = call('run', [1_000_001]);
      expect(usage.tripped).toBe('stack_overflow');
      const { depth } = instance.exports;
      if (depth instanceof WebAssembly.Global) depths.add(depth.value);
    }
    expect(depths.size).toBe(1);
  });

  it('asks on both ways to a call', async () => {
    const { call } = await meter(`(module
      (func $f (export "run") (param i32) (result i32)
        (if (local.get 0) (then (nop)) (else (drop (call $f (i32.const 0)))))
        (call $f (local.get 0))))`);
    for (const argument of [0, 1]) expect(call('run', [argument]).usage.tripped).toBe('stack_overflow');
  });

  it('bounds a tree of calls that no stack bounds', async () => {
    const { call } = await meter(`(module
      (func $f (export "run") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
        (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (call $f (i32.sub (local.get 0) (i32.const 1))))))`);
    const { usage } = call('run', [200], 1_000_000);
    expect(usage).toMatchObject({ tripped: 'instruction_limit', instructions: 1_000_000n });
  });
});
