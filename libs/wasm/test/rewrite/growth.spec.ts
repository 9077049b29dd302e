import { describe, expect, it } from '@jest/globals';
import { rewrite } from '@tenon/wasm';
import { meter, refusal } from '../support/engine.js';

describe('a growth that the engine would refuse anyway', () => {
  it.each([
    ['a table beyond what V8 takes', '(table 1 funcref)', '(table.grow (ref.null func) (i32.const 0xffff_fff0))', 3],
    ['a table beyond its maximum', '(table 1 5 funcref)', '(table.grow (ref.null func) (i32.const 5))', 3],
    ['a memory beyond its maximum', '(memory 1 5)', '(memory.grow (i32.const 5))', 2],
    ['a memory beyond its addresses', '(memory 1)', '(memory.grow (i32.const 0x10000))', 2],
    ['a memory by a negative number', '(memory 1)', '(memory.grow (i32.const -1))', 2],
  ])('%s: costs nothing and is not held against the budget', async (_name, declared, grow, operators) => {
    const { call } = await meter(`(module ${declared} (func (export "run") (result i32) ${grow}))`);
    const { value, usage } = call('run', [], 1_000);
    expect([value, usage.tripped, usage.fuel]).toEqual([-1, 'none', BigInt(1 + operators)]);
  });

  it('is granted up to the maximum', async () => {
    const { call } = await meter(
      '(module (memory 1 5) (func (export "run") (result i32) (memory.grow (i32.const 4))))',
    );
    expect(call('run').value).toBe(1);
    expect(call('run').value).toBe(-1);
  });
});

describe('a body that metering makes larger than V8 takes', () => {
  it('is refused by name', () => {
    const count = 700_000;
    const body = new Uint8Array(1 + count * 4 + 1);
    for (let at = 0; at < count; at++) body.set([0x41, 0, 0x0d, 0], 1 + at * 4);
    body[body.length - 1] = 0x0b;
    const leb = (value: number): number[] =>
      [value & 0x7f, value >> 7, value >> 14, value >> 21].map((part, at) => (at < 3 ? (part & 0x7f) | 0x80 : part));
    const module = Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10],
      ...[...leb(body.length + 5), 1, ...leb(body.length)],
      ...body,
    ]);
    expect(WebAssembly.validate(module)).toBe(true);
    expect(refusal(() => rewrite(module))).toMatchObject({ code: 'function_body_bytes_limit', functionIndex: 0 });
  });
});
