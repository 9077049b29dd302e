import { parse } from '@bytecodealliance/jco';
import { describe, expect, it } from '@jest/globals';
import { compare, mutate, seeded } from '../support/differential.js';
import { engine } from '../support/engine.js';

/** One module per corner of the language, each with exports that run without arguments. */
const modules: readonly (readonly [name: string, text: string])[] = [
  [
    'control',
    '(module (func (export "f") (result i32) (local i32) (block $a (result i32) (loop $l (br_if $a (i32.const 4) (i32.gt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 9))) (drop) (br_table $l $l (local.get 0))) (i32.const 1))))',
  ],
  [
    'multiple results',
    '(module (func $p (result i32 i64 f32) (i32.const 1) (i64.const 2) (f32.const 3)) (func (export "f") (result i32 i64 f32) (block (result i32 i64 f32) (br_if 0 (call $p) (i32.const 1)))))',
  ],
  [
    'memories',
    '(module (memory (export "m") 1) (memory $n 1) (data (i32.const 8) "hello") (func (export "f") (result i32) (memory.copy $n 0 (i32.const 0) (i32.const 8) (i32.const 5)) (i32.store (i32.const 100) (i32.load $n (i32.const 0))) (memory.grow (i32.const 1))))',
  ],
  [
    'tables',
    '(module (table 2 funcref) (elem (i32.const 0) $a $b) (type $t (func (result i32))) (func $a (result i32) (i32.const 1)) (func $b (result i32) (unreachable)) (func (export "f") (result i32) (call_indirect (type $t) (i32.const 0))) (func (export "g") (result i32) (call_indirect (type $t) (i32.const 1))) (func (export "h") (result i32) (call_indirect (type $t) (i32.const 2))))',
  ],
  [
    'exceptions',
    '(module (tag $e (param i32)) (func $t (throw $e (i32.const 3))) (func (export "f") (result i32) (block $h (result i32) (try_table (catch $e $h) (call $t)) (i32.const 0))) (func (export "g") (call $t)))',
  ],
  [
    'legacy exceptions',
    '(module (tag $e (param i32)) (func $t (throw $e (i32.const 3))) (func (export "f") (result i32) try (result i32) (call $t) (i32.const 1) catch $e end))',
  ],
  [
    'tail calls',
    '(module (func $odd (param i32) (result i32) (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0)) (else (return_call $even (i32.sub (local.get 0) (i32.const 1)))))) (func $even (param i32) (result i32) (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1)) (else (return_call $odd (i32.sub (local.get 0) (i32.const 1)))))) (func (export "f") (result i32) (call $even (i32.const 10001))))',
  ],
  [
    'garbage collection',
    '(module (rec (type $n (sub (struct (field i32) (field (ref null $n)))))) (type $a (array (mut i16))) (func (export "f") (result i32) (local $x (ref null $n)) (local.set $x (struct.new $n (i32.const 5) (ref.null $n))) (i32.add (struct.get $n 0 (local.get $x)) (array.len (array.new $a (i32.const 1) (i32.const 10))))))',
  ],
  [
    'references',
    '(module (type $t (func (result i32))) (func $g (type $t) (i32.const 9)) (elem declare func $g) (func (export "f") (result i32) (block $null (return (call_ref $t (br_on_null $null (ref.func $g))))) (i32.const 0)))',
  ],
  [
    '64-bit memory',
    '(module (memory i64 1) (func (export "f") (result i64) (i64.store (i64.const 8) (i64.const 77)) (memory.fill (i64.const 0) (i32.const 1) (i64.const 4)) (i64.add (i64.load (i64.const 8)) (memory.grow (i64.const 1)))))',
  ],
  [
    'vectors',
    '(module (func (export "f") (result i32) (i8x16.extract_lane_s 3 (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (v128.const i8x16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16) (i8x16.splat (i32.const 1))))))',
  ],
  [
    'start and globals',
    '(module (global (export "g") (mut i32) (i32.const 0)) (func $s (global.set 0 (i32.add (global.get 0) (i32.const 41)))) (start $s) (func (export "f") (result i32) (global.get 0)))',
  ],
  [
    'traps',
    '(module (memory 1) (func (export "a") (drop (i32.load (i32.const -1)))) (func (export "b") (drop (i32.div_s (i32.const 1) (i32.const 0)))) (func (export "c") (drop (i32.trunc_f32_s (f32.const nan)))) (func (export "d") unreachable))',
  ],
];

describe('a metered module does what the plain one does', () => {
  it.each(modules)('%s', async (_name, text) => {
    expect(compare(engine, await parse(text))).toEqual({ kind: 'same', ran: expect.any(Boolean) });
  });

  it('mutants of all of these agree, are refused with a typed error, or are invalid both ways', async () => {
    const random = seeded(7);
    for (const [name, text] of modules) {
      const bytes = await parse(text);
      for (let round = 0; round < 60; round++) {
        const mutant = mutate(bytes, random);
        const verdict = compare(engine, mutant);
        if (verdict.kind === 'different')
          throw new Error(`${name}: ${JSON.stringify(verdict)} ${[...mutant].join(' ')}`);
      }
    }
  });
});
