import { describe, expect, it } from '@jest/globals';
import { meter } from '../support/engine.js';

const chain = (length: number): string =>
  Array.from({ length }, (_, at) => {
    const callee = at === 0 ? '(i32.const 1)' : `(call $f${at - 1})`;
    return `(func $f${at} (result i32) (local i64 i64 i64 i64) ${callee})`;
  }).join(' ');

describe('functions whose need of stack is known', () => {
  it('take nothing off the stack while they need little together', async () => {
    const { call } = await meter(`(module ${chain(10)} (func (export "run") (result i32) (call $f9)))`);
    expect(call('run')).toMatchObject({ value: 1, usage: { instructions: 22n, tripped: 'none' } });
  });

  it('are counted like all others when they need more', async () => {
    const text = `(module ${chain(400)} (func (export "run") (result i32) (call $f399)))`;
    const { call } = await meter(text);
    expect(call('run').usage).toMatchObject({ instructions: 802n, tripped: 'none' });
  });

  it('are counted when they call each other in a circle', async () => {
    const { call } = await meter(`(module
      (func $a (call $b)) (func $b (call $c)) (func $c (call $a))
      (func (export "run") (call $a)))`);
    expect(call('run').usage.tripped).toBe('stack_overflow');
  });

  it('follows calls through any number of functions without a stack of its own', async () => {
    const { call } = await meter(`(module ${chain(20_000)} (func (export "run") (result i32) (call $f19999)))`);
    expect(call('run').usage.tripped).toBe('stack_overflow');
  });

  it('ends for want of fuel wherever the fuel runs out in them', async () => {
    const { call } = await meter(`(module ${chain(10)} (func (export "run") (result i32) (call $f9)))`);
    for (let fuel = 0; fuel < 22; fuel++) expect(call('run', [], fuel).usage.tripped).toBe('instruction_limit');
  });
});
