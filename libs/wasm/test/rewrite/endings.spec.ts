import { describe, expect, it } from '@jest/globals';
import { meter } from '../support/engine.js';

/** Counts compared with Wasmtime 50 where a run ends in the middle of something. */
const endings: readonly (readonly [name: string, module: string, instructions: number])[] = [
  ['an import that ends the run', '(func (export "run") (call $exit) (drop (i32.const 1)) (drop (i32.const 1)))', 2],
  [
    'an import that ends the run, called by a callee',
    '(func $g (call $exit) (drop (i32.const 1))) (func (export "run") (drop (i32.const 3)) (call $g) (drop (i32.const 1)))',
    5,
  ],
  [
    'an import that ends the run, behind a loop',
    '(func (export "run") (local i32) (loop $l (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br_if $l (i32.lt_u (local.get 0) (i32.const 1000)))) (call $exit) (drop (i32.const 1)))',
    8_002,
  ],
  ['unreachable in a callee', '(func $g (unreachable)) (func (export "run") (call $g) (drop (i32.const 1)))', 3],
  [
    'unreachable behind small calls',
    '(func $f (drop (i32.const 1))) (func $g (call $f) (call $f) (unreachable)) (func (export "run") (call $f) (call $g) (drop (i32.const 1)))',
    1 + 3 + 1 + 1 + 6,
  ],
  [
    'an indirect call of nothing',
    '(table 1 funcref) (func (export "run") (drop (i32.const 1)) (call_indirect (i32.const 0)) (drop (i32.const 1)))',
    4,
  ],
  [
    'an indirect call of another type',
    '(table funcref (elem $g)) (func $g (param i32)) (func (export "run") (drop (i32.const 1)) (call_indirect (i32.const 0)) (drop (i32.const 1)))',
    4,
  ],
  [
    'a call of a null reference',
    '(type $t (func)) (func (export "run") (drop (i32.const 1)) (call_ref $t (ref.null $t)) (drop (i32.const 1)))',
    4,
  ],
  [
    'an exception that nobody catches',
    '(tag $e) (func $g (throw $e)) (func (export "run") (drop (i32.const 1)) (call $g) (drop (i32.const 1)))',
    5,
  ],
];

describe('what is counted when a run ends inside', () => {
  it.each(endings)('%s', async (_name, body, instructions) => {
    const exit = (): never => {
      throw new Error('exit');
    };
    const { call } = await meter(`(module (import "h" "exit" (func $exit)) ${body})`, { h: { exit } });
    const { error, usage } = call('run');
    expect(error).toBeDefined();
    expect(usage.instructions).toBe(BigInt(instructions));
  });

  it('a trap of the engine: never more than ran, and less by no more than a slice and a stretch', async () => {
    const { call } = await meter(
      '(module (func (export "run") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (drop (i32.div_u (i32.const 1) (local.get 0)))))',
    );
    for (const rounds of [1, 500, 1_638, 1_639, 3_280, 10_000]) {
      const ran = 1 + rounds * 5 + 3;
      const counted = Number(call('run', [rounds]).usage.instructions);
      expect(counted).toBeLessThanOrEqual(ran);
      expect(ran - counted).toBeLessThan(8_192 + 600);
      expect(Number(call('run', [rounds]).usage.instructions)).toBe(counted);
    }
  });
});

describe('a host function that calls the guest again and swallows what that throws', () => {
  const burn = '(func (export "burn") (loop $l (global.set $w (i32.add (global.get $w) (i32.const 1))) (br $l)))';
  const again = '(br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))';
  it.each([
    ['by its name', '', '(call $try)'],
    ['through a table', '(table 1 funcref) (elem (i32.const 0) $try)', '(call_indirect (i32.const 0))'],
    ['where exceptions are caught', '(tag $e)', '(block $c (try_table (catch_all $c) (call $try)))'],
    [
      'where exceptions are caught, and throws another',
      '(tag $e)',
      '(block $c (try_table (catch_all $c) (call $try)))',
    ],
  ])('does not keep it running beyond its limit: called %s', async (name, parts, callHost) => {
    const state: { guest?: WebAssembly.Instance } = {};
    const host = (): void => {
      const { burn: nested } = state.guest?.exports ?? {};
      if (typeof nested !== 'function') throw new TypeError('no export burn');
      try {
        nested();
      } catch {
        // The trap of the limit: swallowed.
        if (name.endsWith('another')) throw new Error('another');
      }
    };
    const { instance, call } = await meter(
      `(module (import "h" "try" (func $try)) (global $w (export "w") (mut i32) (i32.const 0)) ${parts} ${burn}
        (func (export "run") (param $n i32) (loop $l ${callHost} ${again})))`,
      { h: { try: host } },
    );
    state.guest = instance;
    const { error, usage } = call('run', [1_000], 10_000);
    expect([error, usage.tripped, usage.fuel]).toEqual(['RuntimeError: unreachable', 'instruction_limit', 10_000n]);
    const { w } = instance.exports;
    expect(w instanceof WebAssembly.Global ? w.value : undefined).toBeLessThan(3_000);
  });
});
