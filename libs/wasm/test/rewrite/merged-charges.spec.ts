import { describe, expect, it } from '@jest/globals';
import { meter } from '../support/engine.js';

/** Bodies with one parameter, and the instructions of one run by parameter: what is behind a block may be charged before it. */
const bodies: readonly (readonly [name: string, body: string, counts: Readonly<Record<number, number>>])[] = [
  [
    'behind a block with an exit to its end',
    '(block (br_if 0 (local.get 0)) (nop) (drop (i32.const 1))) (drop (i32.const 2))',
    { 0: 5, 1: 4 },
  ],
  [
    'behind a block that can also be left to the one around it',
    '(block (block (br_if 1 (local.get 0)) (drop (i32.const 1))) (drop (i32.const 2)) (drop (i32.const 3))) (drop (i32.const 4))',
    { 0: 7, 1: 4 },
  ],
  [
    'behind a block that can be left to the function',
    '(block (br_if 1 (local.get 0)) (br_if 0 (i32.const 1))) (drop (i32.const 2))',
    { 0: 6, 1: 3 },
  ],
  ['behind a return', '(block (if (local.get 0) (then (return)))) (drop (i32.const 2))', { 0: 4, 1: 3 }],
  [
    'behind an if without an else',
    '(if (local.get 0) (then (drop (i32.const 1)))) (drop (i32.const 2))',
    { 0: 4, 1: 5 },
  ],
  [
    'behind a loop',
    '(loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (drop (i32.const 2))',
    { 1: 7, 5: 27 },
  ],
  [
    'behind a block in a loop that goes on with the next round',
    '(loop $l (block (br_if 0 (i32.eqz (local.get 0))) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br $l)) (drop (i32.const 2))) (drop (i32.const 3))',
    { 0: 6, 1: 14, 3: 30 },
  ],
  [
    'behind a br_table out of two blocks',
    '(block (block (br_table 0 1 2 (local.get 0))) (drop (i32.const 1))) (drop (i32.const 2))',
    { 0: 5, 1: 4, 2: 3 },
  ],
  [
    'behind a block that starts in a block without code before it',
    '(block (block (br_if 0 (local.get 0)) (drop (i32.const 1))) (drop (i32.const 2))) (drop (i32.const 3))',
    { 0: 6, 1: 5 },
  ],
  [
    'behind a block in a block behind a call',
    '(call $g) (block (block (br_if 0 (local.get 0)) (call $g)) (drop (i32.const 2))) (drop (i32.const 3))',
    { 0: 13, 1: 9 },
  ],
];

describe('code behind a block is counted when it runs and only then', () => {
  it.each(bodies)('%s', async (_name, body, counts) => {
    const { call } = await meter(
      `(module (func $g (if (i32.const 0) (then))) (func (export "run") (param i32) ${body}))`,
    );
    for (const [value, instructions] of Object.entries(counts)) {
      const { error, usage } = call('run', [Number(value)]);
      expect([value, error, usage.instructions]).toEqual([value, undefined, BigInt(instructions)]);
      expect(call('run', [Number(value)], instructions).usage.tripped).toBe('none');
    }
  });

  it('and not when a call in the block ends the run', async () => {
    const exit = (): never => {
      throw new Error('exit');
    };
    const { call } = await meter(
      '(module (import "h" "exit" (func $exit)) (func (export "run") (block (br_if 0 (i32.const 0)) (call $exit)) (drop (i32.const 1))))',
      { h: { exit } },
    );
    expect(call('run').usage.instructions).toBe(4n);
  });
});

describe('charges that are moved', () => {
  it.each([100, 126, 16_380, 16_382, 16_390, 49_900])(
    'are found behind %i locals, whose indices take up to three bytes',
    async (count) => {
      const { call } = await meter(
        `(module (import "h" "h" (func $h (param i32)))
      (func $id (param i32) (result i32) (local.get 0))
      (func $half (param i32) (result i32) (if (local.get 0) (then (return (local.get 0)))) (i32.const 0))
      (func (export "run") (param i32) (result i32) (local ${'i32 '.repeat(count)})
        (local.set 0 (call $half (local.get 0)))
        (if (local.get 0) (then (call $h (i32.const 1)) (local.set 1 (i32.const 5)) (call $h (local.get 1))
          (return (local.get 1))))
        (return_call $id (local.get 0))))`,
        { h: { h: () => undefined } },
      );
      expect(call('run', [7])).toMatchObject({ value: 5, usage: { instructions: 17n } });
      expect(call('run', [0])).toMatchObject({ value: 0, usage: { instructions: 14n } });
    },
  );
});
