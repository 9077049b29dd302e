import { describe, expect, it } from '@jest/globals';
import { meter } from '../support/engine.js';

/** Loops of every shape, with what one call of `run(5)` costs and gives. */
const shapes: readonly (readonly [name: string, body: string, instructions: bigint, value: number])[] = [
  [
    'goes round in an if',
    `(local $i i32) (loop $l (if (i32.lt_u (local.get $i) (local.get 0)) (then
      (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l)))) (local.get $i)`,
    BigInt(1 + 6 * 4 + 5 * 5 + 1),
    5,
  ],
  [
    'goes round in an if and does more behind it',
    `(local $i i32) (loop $l (if (i32.lt_u (local.get $i) (local.get 0)) (then
      (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l)))
      (local.set $i (i32.mul (local.get $i) (i32.const 3)))) (local.get $i)`,
    BigInt(1 + 6 * 4 + 5 * 5 + 4 + 1),
    15,
  ],
  [
    'goes round on a condition at its end',
    `(local $i i32) (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get 0)))) (local.get $i)`,
    BigInt(1 + 5 * 8 + 1),
    5,
  ],
  [
    'has two ways back',
    `(local $i i32) (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 3)))
      (br_if $l (i32.lt_u (local.get $i) (local.get 0)))) (local.get $i)`,
    BigInt(1 + 5 * 8 + 3 * 4 + 1),
    5,
  ],
  [
    'is left from an if in its arm',
    `(local $i i32) (block $out (loop $l (if (i32.lt_u (local.get $i) (i32.const 100)) (then
      (br_if $out (i32.eq (local.get $i) (local.get 0)))
      (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l))))) (local.get $i)`,
    BigInt(1 + 6 * 8 + 5 * 5 + 1),
    5,
  ],
  [
    'is left from its arm to the end of its if',
    `(local $i i32) (loop $l (if $if (i32.lt_u (local.get $i) (i32.const 100)) (then
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $if (i32.eq (local.get $i) (local.get 0)))
      (br $l)))) (local.get $i)`,
    BigInt(1 + 4 * 13 + 12 + 1),
    5,
  ],
  [
    'is left from its arm to the end of its if through a table, and goes on behind it',
    `(local $i i32) (loop $l (if $if (i32.lt_u (local.get $i) (local.get 0)) (then
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (block $b (br_table $b $if (i32.eq (local.get $i) (i32.const 3))))
      (br $l)))) (i32.add (local.get $i) (i32.const 2))`,
    BigInt(1 + 2 * 13 + 12 + 3),
    5,
  ],
  [
    'goes back through a table',
    `(local $i i32) (loop $l (block $b (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_table $b $l (i32.lt_u (local.get $i) (local.get 0))))) (local.get $i)`,
    BigInt(1 + 5 * 8 + 1),
    5,
  ],
  [
    'takes a parameter',
    `(local $i i32) (i32.const 0) (loop $l (param i32) (result i32) (i32.const 1) (i32.add) (local.tee $i)
      (local.get $i) (local.get 0) (i32.lt_u) (br_if $l))`,
    BigInt(1 + 1 + 5 * 7),
    5,
  ],
];

describe.each(shapes)('a loop that %s', (_name, body, instructions, value) => {
  const text = `(module (func $f (param i32) (result i32) ${body})
    (func (export "run") (param i32) (result i32) (call $f (local.get 0))))`;
  const around = 3n;

  it('is counted to the last operator', async () => {
    const { call } = await meter(text);
    expect(call('run', [5])).toMatchObject({ value, usage: { instructions: instructions + around } });
  });

  it('ends at exactly the limit, however much it needs', async () => {
    const { call } = await meter(text);
    const needed = Number(instructions + around);
    expect(call('run', [5], needed).usage.tripped).toBe('none');
    for (let fuel = 0; fuel < needed; fuel++) {
      expect(call('run', [5], fuel)).toMatchObject({ value: undefined, usage: { tripped: 'instruction_limit' } });
    }
  });
});

describe('a loop without an end', () => {
  it.each([
    ['empty', '(loop $l (br $l))'],
    ['with a condition', '(loop $l (br_if $l (i32.const 1)))'],
    ['in an if', '(loop $l (if (i32.const 1) (then (br $l))))'],
    ['around dead code', '(loop $l (br $l) (br $l) (br_if $l (i32.const 1)))'],
    ['with a way back in dead code', '(loop $l (block (br $l) (unreachable)))'],
    ['through a table', '(loop $l (br_table $l $l (i32.const 0)))'],
    ['through a handler', '(loop $l (block $h (try_table (catch_all $h) (throw $e))) (br $l))'],
    ['that a handler goes back to', '(loop $l (try_table (catch_all $l) (throw $e)))'],
    ['on a reference', '(loop $l (br_on_null $l (ref.null func)) (drop))'],
  ])('is ended: %s', async (_shape, body) => {
    const { call } = await meter(`(module (tag $e) (func (export "run") ${body}))`);
    expect(call('run', [], 50_000).usage).toMatchObject({ tripped: 'instruction_limit', fuel: 50_000n });
  });
});
