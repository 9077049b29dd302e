import { parse } from '@bytecodealliance/jco';
import { describe, expect, it } from '@jest/globals';
import { rewrite } from '@tenon/wasm';
import fc from 'fast-check';
import { meter } from '../support/engine.js';

/** A loop that counts: how it goes round, and where its numbers come from. */
interface Shape {
  readonly testsFirst: boolean;
  readonly compare: string;
  readonly step: number;
  readonly limitFirst: boolean;
  /** The condition is the local itself, so the limit is 0. */
  readonly bare: boolean;
}

const fuel = 120_000;
const roundsMax = 20_000;
const compares: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  ne: (a, b) => a !== b,
  lt_s: (a, b) => a < b,
  lt_u: (a, b) => a >>> 0 < b >>> 0,
  gt_s: (a, b) => a > b,
  gt_u: (a, b) => a >>> 0 > b >>> 0,
  le_s: (a, b) => a <= b,
  le_u: (a, b) => a >>> 0 <= b >>> 0,
  ge_s: (a, b) => a >= b,
  ge_u: (a, b) => a >>> 0 >= b >>> 0,
};

const mirrored: Readonly<Record<string, string>> = {
  ne: 'ne',
  lt_s: 'gt_s',
  lt_u: 'gt_u',
  gt_s: 'lt_s',
  gt_u: 'lt_u',
  le_s: 'ge_s',
  le_u: 'ge_u',
  ge_s: 'le_s',
  ge_u: 'le_u',
};

/** What the loop is to do, by the simplest means there are; undefined for loops that take very long. */
function simulate(shape: Shape, start: number, limit: number): { value: number; rounds: number } | undefined {
  const goesOn = compares[shape.bare ? 'ne' : shape.compare] ?? (() => false);
  const end = shape.bare ? 0 : limit;
  let [i, sum, rounds] = [start | 0, 0, 0];
  for (;;) {
    if (shape.testsFirst && !goesOn(i, end)) break;
    if (++rounds > roundsMax) return undefined;
    sum = (sum + i) | 0;
    i = (i + shape.step) | 0;
    if (!shape.testsFirst && !goesOn(i, end)) break;
  }
  return { value: (Math.imul(sum, 31) + i) | 0, rounds };
}

function loopText(shape: Shape, limit: string): string {
  const { testsFirst, compare, step, limitFirst, bare } = shape;
  const stepped = `(i32.add (local.get $i) (i32.const ${step}))`;
  const local = testsFirst ? '(local.get $i)' : `(local.tee $i ${stepped})`;
  const plain = limitFirst ? `(i32.${mirrored[compare]} ${limit} ${local})` : `(i32.${compare} ${local} ${limit})`;
  const test = bare ? local : plain;
  const sum = '(local.set $sum (i32.add (local.get $sum) (local.get $i)))';
  return testsFirst
    ? `(loop $l (if ${test} (then ${sum} (local.set $i ${stepped}) (br $l))))`
    : `(loop $l ${sum} (br_if $l ${test}))`;
}

const answer = '(i32.add (i32.mul (local.get $sum) (i32.const 31)) (local.get $i))';

function instructions({ testsFirst, bare }: Shape, rounds: number, around: number): bigint {
  const test = bare ? 0 : 2;
  return BigInt(testsFirst ? rounds * (11 + test) + 2 + test + around : rounds * (9 + test) + around);
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  testsFirst: fc.boolean(),
  compare: fc.constantFrom(...Object.keys(compares)),
  step: fc.oneof(
    fc.constantFrom(1, -1, 2, -4, 16, 3, -7, 65_536, -65_536, 65_537, 1_000_003),
    fc.integer({ min: -40, max: 40 }),
  ),
  limitFirst: fc.boolean(),
  bare: fc.boolean(),
});

/** Around zero and where 32 bits wrap around, with and without a sign. */
const near = fc.constantFrom(0, 0x7fff_ffff, -0x8000_0000, 1_000_000);
const numbers = fc.tuple(near, fc.integer({ min: -3_000, max: 3_000 })).map(([base, by]) => (base + by) | 0);
const pairs = fc.array(
  fc.tuple(
    numbers,
    fc.oneof(
      numbers,
      fc.integer({ min: -2_000, max: 2_000 }).map((by) => ({ by })),
    ),
  ),
  {
    minLength: 6,
    maxLength: 6,
  },
);

type Metered = Awaited<ReturnType<typeof meter>>['call'];

function check(
  call: Metered,
  shape: Shape,
  [start, limit]: readonly [number, number],
  args: number[],
  around: number,
): void {
  const expected = simulate(shape, start, limit);
  const outcome = call('run', args, fuel);
  const needed = expected === undefined ? undefined : instructions(shape, expected.rounds, around);
  if (expected === undefined || needed === undefined || needed > BigInt(fuel)) {
    expect(outcome).toMatchObject({ value: undefined, usage: { tripped: 'instruction_limit', fuel: BigInt(fuel) } });
    return;
  }
  expect(outcome).toMatchObject({ value: expected.value, usage: { tripped: 'none', instructions: needed } });
  expect(call('run', args, Number(needed)).usage.tripped).toBe('none');
  expect(call('run', args, Number(needed) - 1).usage.tripped).toBe('instruction_limit');
}

describe('a loop that counts', () => {
  it('gives what it gave and costs what it costs, from wherever to wherever it counts', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, pairs, async (shape, all) => {
        const { call } = await meter(`(module (func (export "run") (param $i i32) (param $n i32) (result i32)
          (local $sum i32) ${loopText(shape, '(local.get $n)')} ${answer}))`);
        for (const [start, to] of all) {
          const limit = typeof to === 'number' ? to : (start + to.by) | 0;
          check(call, shape, [start, limit], [start, limit], 6);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('does so with constants as well, whether or not something stands between them and the loop', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, pairs, fc.boolean(), async (shape, all, apart) => {
        for (const [start, to] of all) {
          const limit = typeof to === 'number' ? to : (start + to.by) | 0;
          const { call } = await meter(`(module (func (export "run") (result i32) (local $i i32) (local $sum i32)
            (local.set $i (i32.const ${start})) (local.set $sum (i32.const 0)) ${apart ? '(nop)' : ''}
            ${loopText(shape, `(i32.const ${limit})`)} ${answer}))`);
          check(call, shape, [start, limit], [], 10);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('makes a round in every strip, also where the next limit is on the other side of zero', async () => {
    const { call } = await meter(`(module (func (export "run") (param $i i32) (param $n i32)
      (loop $l (if (i32.gt_u (local.get $i) (local.get $n)) (then
        (local.set $i (i32.sub (local.get $i) (i32.const 65536))) (br $l))))))`);
    expect(call('run', [909, 807], 50_000).usage).toMatchObject({ tripped: 'instruction_limit', fuel: 50_000n });
  });

  it('stays valid when operands are left behind on the way back', async () => {
    const { call } = await meter(`(module (func (export "run") (param $i i32) (param $n i32) (result i32)
      (loop $l (if (i32.lt_s (local.get $i) (local.get $n)) (then
        (local.set $i (i32.add (local.get $i) (i32.const 1))) (local.get $n) (br $l))))
      (local.get $i)))`);
    expect(call('run', [0, 10])).toMatchObject({ value: 10, usage: { instructions: BigInt(1 + 10 * 10 + 4 + 1) } });
  });

  it('is found out when its local is also written elsewhere', async () => {
    const { call } = await meter(`(module (func (export "run") (param $n i32) (result i32) (local $i i32)
      (local.set $i (i32.const 0))
      (loop $l (local.set $i (i32.mul (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
      (local.set $i (i32.const 0))
      (loop $m (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $m (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (local.get $i)))`);
    expect(call('run', [20])).toMatchObject({
      value: 10,
      usage: { instructions: BigInt(1 + 2 + 10 * 11 + 2 + 10 * 11 + 1) },
    });
  });

  it('is found out when a loop inside it moves its local on', async () => {
    const { call } = await meter(`(module (func (export "run") (result i32) (local $i i32) (local $j i32)
      (local.set $i (i32.const 0))
      (loop $l
        (local.set $j (i32.const 0))
        (loop $m (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $m (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 3))))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 10))))
      (local.get $i)))`);
    expect(call('run')).toMatchObject({ value: 12, usage: { instructions: BigInt(1 + 2 + 4 * (2 + 3 * 11 + 4) + 1) } });
  });
});

describe('a malformed limit', () => {
  it('stays malformed where the loop is written anew', async () => {
    const bytes = await parse(`(module (func (export "run") (param $i i32)
      (loop $l (br_if $l (i32.gt_s (local.tee $i (i32.sub (local.get $i) (i32.const 1))) (i32.const -2147483648))))))`);
    const at = bytes.findIndex((byte, index) => byte === 0x78 && bytes[index - 5] === 0x41);
    for (const last of [0x08, 0x10, 0x40, 0x77]) {
      bytes[at] = last;
      expect(() => new WebAssembly.Module(rewrite(bytes).bytes)).toThrow(/signed 32-bit|CompileError|extra bits/);
    }
    bytes[at] = 0x78;
    expect(WebAssembly.validate(rewrite(bytes).bytes)).toBe(true);
  });
});

describe('loops that count inside others', () => {
  const nested = (
    outer: number,
    inner: number,
  ): string => `(func $f (result i32) (local $i i32) (local $j i32) (local $sum i32)
    (local.set $i (i32.const 0))
    (loop $l (if (i32.lt_s (local.get $i) (i32.const ${outer})) (then
      (local.set $j (i32.const 0))
      (loop $m (if (i32.lt_s (local.get $j) (i32.const ${inner})) (then
        (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br $m))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $l))))
    (local.get $sum))`;

  it.each([
    [0, 0],
    [3, 3],
    [5, 3],
    [100, 2],
    [1, 300],
    [300, 300],
    [40, 1],
  ])('are counted to the last operator: %d times %d rounds', async (outer, inner) => {
    const { call } = await meter(`(module ${nested(outer, inner)}
      (func (export "run") (result i32) (i32.add (call $f) (call $f))))`);
    const cost = 1 + 2 + outer * (4 + 2 + inner * 13 + 4 + 4 + 1) + 4 + 1;
    const needed = 2 * cost + 4;
    expect(call('run')).toMatchObject({ value: 2 * outer * inner, usage: { instructions: BigInt(needed) } });
    expect(call('run', [], needed).usage.tripped).toBe('none');
    for (const fuelLeft of [needed - 1, needed >> 1, 10]) {
      expect(call('run', [], fuelLeft)).toMatchObject({
        value: undefined,
        usage: { tripped: 'instruction_limit', fuel: BigInt(fuelLeft) },
      });
    }
  });
});

describe('an early end in a loop that counts', () => {
  it.each([
    ['of known length', '(i32.const 200)'],
    ['in strips', '(local.get $n)'],
  ])('leaves the count behind by less than a slice: %s', async (_name, limit) => {
    const { call } = await meter(`(module (memory 1) (func (export "run") (param $n i32) (local $i i32)
      (local.set $i (i32.const 0))
      (loop $l (i32.store (i32.mul (local.get $i) (i32.const 1024)) (local.get $i))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) ${limit})))))`);
    const { error, usage } = call('run', [200]);
    expect(error).toContain('memory access out of bounds');
    const ran = 1 + 2 + 64 * 12 + 4;
    expect(Math.abs(Number(usage.instructions) - ran)).toBeLessThan(4_096 + 20);
    expect(usage.tripped).toBe('none');
  });

  it('is not taken for a question when it makes no round', async () => {
    const loop = `(loop $l (if (i32.lt_s (local.get $i) (i32.const 0)) (then
      (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l))))`;
    const work = '(global.set $w (i32.add (global.get $w) (i32.const 1)))';
    const { call, instance } = await meter(`(module (global $w (export "w") (mut i32) (i32.const 0))
      (func $f (param $d i32) (local $i i32)
        (if (local.get $d) (then (call $f (i32.sub (local.get $d) (i32.const 1)))))
        ${(loop + work.repeat(50)).repeat(100)})
      (func (export "run") (param i32) (call $f (local.get 0))))`);
    expect(call('run', [3_000], 100_000).usage.tripped).toBe('instruction_limit');
    const { w } = instance.exports;
    expect(4 * (w instanceof WebAssembly.Global ? Number(w.value) : Number.NaN)).toBeLessThan(110_000);
  });

  it('goes over the limit by no more than a strip, however often it is called', async () => {
    const { call } = await meter(`(module (memory 1) (func $f (param $n i32) (local $i i32)
        (loop $l (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))
      (func (export "run") (param i32) (call $f (local.get 0)) (call $f (local.get 0)) (call $f (local.get 0)))
      (func (export "rounds") (result i32) (i32.load (i32.const 0))))`);
    expect(call('run', [-1], 10_000).usage.tripped).toBe('instruction_limit');
    expect(call('rounds').value).toBeLessThanOrEqual((10_000 + 4_096) / 13);
  });
});
