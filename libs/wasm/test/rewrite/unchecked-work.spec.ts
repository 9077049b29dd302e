import { describe, expect, it } from '@jest/globals';
import { meter } from '../support/engine.js';

const increment = '(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))';
/** What `increment` costs. */
const incrementCost = 6;

async function endsNear(fuel: number, functions: string, args: readonly unknown[] = []): Promise<void> {
  const { call, instance } = await meter(`(module (memory (export "m") 1) ${functions})`);
  const { error, usage } = call('run', args, fuel);
  expect(error).toBe('RuntimeError: unreachable');
  expect([usage.tripped, usage.instructions]).toEqual(['instruction_limit', BigInt(fuel)]);
  const { m } = instance.exports;
  if (!(m instanceof WebAssembly.Memory)) throw new TypeError('no memory');
  const ran = new Uint32Array(m.buffer)[0] as number;
  expect(ran * incrementCost).toBeLessThan(fuel + 2_000);
}

describe('no code runs far beyond the last check', () => {
  it('in a tight loop whose body costs many slices', async () => {
    await endsNear(600_000, `(func (export "run") (loop ${increment.repeat(10_000)} (br 0)))`);
  });

  it('in a straight function', async () => {
    await endsNear(20_000, `(func (export "run") ${increment.repeat(20_000)})`);
  });

  it('in straight calls of a function that is straight itself', async () => {
    await endsNear(50_000, `(func $f ${increment.repeat(5_000)}) (func (export "run") ${'(call $f)'.repeat(5_000)})`);
  });

  it.each([9, 10, 11, 12])('in straight calls of a function of %i increments', async (count) => {
    const body = increment.repeat(count);
    await endsNear(50_000, `(func $f ${body}) (func (export "run") ${'(call $f)'.repeat(20_000)})`);
  });

  it('in straight calls of a small function with branches', async () => {
    await endsNear(
      50_000,
      `(func $f (if (i32.const 1) (then ${increment.repeat(9)}))) (func (export "run") ${'(call $f)'.repeat(20_000)})`,
    );
  });

  it('in straight calls of a function that asks before its first call and makes none', async () => {
    const f = `(func $f (param i32) (if (local.get 0) (then (call $f (i32.const 0)))) ${increment.repeat(8)})`;
    for (const argument of [0, 1]) {
      const calls = `(call $f (i32.const ${argument}))`.repeat(20_000);
      await endsNear(50_000, `${f} (func (export "run") ${calls})`);
      await endsNear(
        50_000,
        `(type $t (func (param i32))) (table 1 1 funcref) (elem (i32.const 0) $f) ${f}
        (func (export "run") ${`(call_indirect (type $t) (i32.const ${argument}) (i32.const 0))`.repeat(10_000)})`,
      );
    }
  });

  it('in loops of known length behind straight code, in each frame of a recursion on its way back', async () => {
    const loop = `(local.set $i (i32.const 0)) (loop $l ${increment}
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 17))))`;
    const f = `(func $f (param $d i32) (local $i i32)
      (if (local.get $d) (then (call $f (i32.sub (local.get $d) (i32.const 1))))) ${increment.repeat(38)} ${loop})`;
    await endsNear(30_000, `${f} (func (export "run") (call $f (i32.const 3000)))`);
  });

  it('in code that jumps over its checks', async () => {
    const stretch = `${increment.repeat(40)} (block (br_if 0 (i32.const 1)) ${'(drop (i32.const 1))'.repeat(600)})`;
    await endsNear(10_000, `(func (export "run") ${stretch.repeat(200)})`);
  });

  it('in both arms of an if, and in none', async () => {
    const arms = `(if (i32.const 1) (then ${increment.repeat(30)}) (else ${'(drop (i32.const 1))'.repeat(600)}))
      (if (i32.const 0) (then ${'(drop (i32.const 1))'.repeat(600)}))`;
    await endsNear(10_000, `(func (export "run") ${arms.repeat(200)})`);
  });

  it('behind a deep recursion that returns', async () => {
    await endsNear(
      20_000,
      `(func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))))) ${increment.repeat(5_000)})
       (func (export "run") (param i32) (call $f (local.get 0)))`,
      [1_000],
    );
  });
});
