import { describe, expect, it } from '@jest/globals';
import { meter } from '../support/engine.js';

/** Body of a function without parameters that leaves one i32, the operators counted in it, and entering costs 1. */
const families: readonly (readonly [name: string, body: string, instructions: number])[] = [
  ['constants and arithmetic', '(i32.add (i32.const 1) (i32.const 2))', 1 + 3],
  ['nop and drop are free', '(nop) (drop (i64.const 1)) (i32.const 2)', 1 + 2],
  ['block, end and return are free', '(block (nop)) (return (i32.const 2))', 1 + 1],
  [
    'an if costs 1, its else and end nothing',
    '(if (result i32) (i32.const 1) (then (i32.const 2)) (else (i32.const 3)))',
    1 + 3,
  ],
  ['a taken branch', '(block (br 0) (drop (i32.const 9))) (i32.const 2)', 1 + 2],
  ['a branch that is not taken', '(block (br_if 0 (i32.const 0)) (drop (i32.const 9))) (i32.const 2)', 1 + 4],
  ['a branch to the function itself', '(drop (br 0 (i32.const 2))) (i32.const 7)', 1 + 2],
  ['br_table', '(block (block (br_table 0 1 0 (i32.const 1))) (drop (i32.const 9))) (i32.const 2)', 1 + 3],
  [
    'a loop of three rounds',
    '(local $i i32) (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 3)))) (local.get $i)',
    1 + 3 * 8 + 1,
  ],
  ['a call', '(call $two)', 1 + 1 + 2],
  ['an indirect call', '(call_indirect (type $t) (i32.const 0))', 1 + 2 + 2],
  ['a call through a reference', '(call_ref $t (ref.func $two))', 1 + 2 + 2],
  ['a tail call', '(return_call $two)', 1 + 1 + 2],
  ['globals', '(global.set $g (i32.const 3)) (global.get $g)', 1 + 3],
  ['loads and stores', '(i32.store (i32.const 0) (i32.const 5)) (i32.load (i32.const 0))', 1 + 5],
  ['sign extension', '(i32.extend8_s (i32.const 128))', 1 + 2],
  ['saturating conversion', '(i32.trunc_sat_f64_s (f64.const 1e99))', 1 + 2],
  ['vectors', '(i32x4.extract_lane 1 (i32x4.add (i32x4.splat (i32.const 1)) (v128.const i32x4 1 2 3 4)))', 1 + 5],
  ['references', '(ref.is_null (ref.null func))', 1 + 2],
  ['structs', '(struct.get $s 0 (struct.new $s (i32.const 4)))', 1 + 3],
  ['small references', '(i31.get_s (ref.cast (ref i31) (ref.i31 (i32.const 4))))', 1 + 4],
  ['a handler that nothing reaches', '(block $h (try_table (catch_all $h) (nop))) (i32.const 1)', 1 + 2],
  [
    'a throw that is caught',
    '(block $h (try_table (catch_all $h) (throw $e)) (drop (i32.const 1))) (i32.const 1)',
    1 + 3,
  ],
  [
    'a throw out of a call',
    '(block $h (try_table (catch_all $h) (drop (call $fail)) (drop (i32.const 1)))) (i32.const 1)',
    1 + 2 + 2 + 1,
  ],
  ['memory.size', '(memory.size)', 1 + 1],
];

const prelude = `
  (type $t (func (result i32)))
  (type $s (struct (field i32)))
  (tag $e)
  (memory 1)
  (table funcref (elem $two))
  (global $g (mut i32) (i32.const 0))
  (func $two (type $t) (i32.const 2))
  (func $fail (result i32) (throw $e))`;

describe('instruction counts', () => {
  it.each(families)('%s', async (_name, body, instructions) => {
    const { call } = await meter(`(module ${prelude} (func (export "run") (result i32) ${body}))`);
    const { usage, error } = call('run');
    expect(error).toBeUndefined();
    expect(usage.instructions).toBe(BigInt(instructions));
  });

  it.each([
    ['try and catch', 'try (result i32) (throw $e (i32.const 7)) catch $e end', 1 + 3],
    ['try and delegate', 'try (result i32) try (result i32) (throw $e (i32.const 7)) delegate 0 catch $e end', 1 + 4],
    [
      'rethrow',
      'try (result i32) try (result i32) (throw $e (i32.const 7)) catch $e rethrow 0 end catch $e end',
      1 + 5,
    ],
  ])('legacy exceptions: %s', async (_name, body, instructions) => {
    const { call } = await meter(`(module (tag $e (param i32)) (func (export "run") (result i32) ${body}))`);
    const { value, usage } = call('run');
    expect([value, usage.instructions]).toEqual([7, BigInt(instructions)]);
  });

  it('counts bulk operators as 1 and charges what they move apart', async () => {
    const { call } = await meter(
      '(module (memory 1) (func (export "run") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0))))',
    );
    const small = call('run', [8]).usage;
    const large = call('run', [65_536]).usage;
    expect([small.instructions, large.instructions]).toEqual([5n, 5n]);
    expect(large.bulk - small.bulk).toBe(BigInt((65_536 - 8) / 8));
    expect(large.fuel).toBe(large.instructions + large.bulk);
  });

  it('does not charge for a move that traps because it does not fit', async () => {
    const { call } = await meter(
      '(module (memory 1) (func (export "run") (memory.fill (i32.const 0) (i32.const 1) (i32.const -1))))',
    );
    expect(call('run', [], 1_000).error).toMatch(/out of bounds/);
  });

  it('takes the length of an init as 32 bits in a 64-bit memory', async () => {
    const { call } = await meter(
      '(module (memory i64 1) (data $d "abc") (func (export "run") (memory.init $d (i64.const 0) (i32.const 0) (i32.const 3))))',
    );
    expect(call('run').error).toBeUndefined();
  });

  it('agrees with itself whether code is run once or often enough to be optimised', async () => {
    const { call } = await meter(`(module (func $fib (export "run") (param i32) (result i32)
      (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2))))))))`);
    const counts = new Set(Array.from({ length: 200 }, () => call('run', [15]).usage.instructions));
    expect(counts.size).toBe(1);
  });
});
