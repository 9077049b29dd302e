import { parse } from '@bytecodealliance/jco';
import { describe, expect, it } from '@jest/globals';
import { inspect, rewrite } from '@tenon/wasm';
import { refusal } from '../support/engine.js';

describe('objects of constant expressions', () => {
  const arrays = (count: number, length: number): string =>
    `(module (type $a (array (mut i64))) ${`(global (ref $a) (array.new_default $a (i32.const ${length})))`.repeat(count)})`;

  it('are refused when 100 globals would hold 6.4 GB', async () => {
    const huge = await parse(arrays(100, 8_000_000));
    expect(refusal(() => inspect(huge))).toMatchObject({ code: 'constant_bytes_limit', section: 'global' });
  });

  it('are refused when a length has its highest bit set', async () => {
    const huge = await parse(arrays(1, -1));
    expect(refusal(() => inspect(huge)).found).toBe(String(16 + 0xffff_ffff * 8));
  });

  it('are refused in element segments, where 20,000 structs would hold 160 MB', async () => {
    const items = '(item (struct.new_default $s))'.repeat(20_000);
    const module = await parse(
      `(module (type $s (struct ${'(field i64)'.repeat(1_000)})) (table 20000 anyref) (elem (i32.const 0) anyref ${items}))`,
    );
    expect(refusal(() => inspect(module))).toMatchObject({ code: 'constant_bytes_limit', section: 'element' });
  });

  it('count as memory that the module starts with', async () => {
    const { summary } = rewrite(await parse(arrays(3, 1_000)));
    expect(summary.memoryBytesInitial).toBe(3 * 8_016);
    const module = await parse(arrays(3, 1_000));
    expect(refusal(() => rewrite(module, { memoryBytesMax: 20_000 })).code).toBe('memory_limit');
  });

  it('count once, and by the bytes of fields and elements', async () => {
    const text = `(module (type $s (struct (field i8) (field i64) (field v128))) (type $a (array i16))
      (global (ref $s) (struct.new $s (i32.const 1) (i64.const 2) (v128.const i64x2 0 0)))
      (table 1 (ref null $a) (array.new $a (i32.const 7) (i32.const 10)))
      (global (ref $a) (array.new_fixed $a 3 (i32.const 1) (i32.const 2) (i32.const 3))))`;
    const { summary } = rewrite(await parse(text));
    expect(summary.memoryBytesInitial).toBe(16 + 25 + (8 + 16 + 20) + (16 + 6));
  });

  it('are refused by name when a length has to be computed', async () => {
    const module = await parse(
      '(module (type $a (array i8)) (global $n i32 (i32.const 9)) (global (ref $a) (array.new_default $a (global.get $n))))',
    );
    expect(refusal(() => inspect(module)).code).toBe('feature_refused');
  });
});

describe('locals of all functions together', () => {
  it('are bounded, since V8 takes seconds to compile 1.5 billion of them', async () => {
    const functions = `(func (local ${'i64 '.repeat(10_000)}))`;
    const module = await parse(`(module ${functions.repeat(20)})`);
    expect(refusal(() => inspect(module, { localsMax: 199_999 }))).toMatchObject({
      code: 'locals_limit',
      functionIndex: 19,
    });
    expect(inspect(module, { localsMax: 200_000 }).localsMax).toBe(10_000);
  });
});

describe('an invalid module', () => {
  it('does not become valid because the ceiling replaces its maximum of 65,537 pages', async () => {
    const valid = await parse('(module (memory 0 65536))');
    const at = valid.lastIndexOf(0x04);
    const invalid = Uint8Array.from(valid);
    invalid[at - 2] = (invalid[at - 2] ?? 0) + 1;
    expect(WebAssembly.validate(valid as Uint8Array<ArrayBuffer>)).toBe(true);
    expect(WebAssembly.validate(invalid)).toBe(false);
    expect(refusal(() => rewrite(invalid, { memoryBytesMax: 65_536 }))).toMatchObject({
      code: 'malformed',
      section: 'memory',
    });
  });
});

describe('the counters of another module', () => {
  it('cannot be imported under any module name', async () => {
    const module = await parse('(module (import "a" "$tenon.reserve" (global (mut i64))))');
    expect(refusal(() => inspect(module))).toMatchObject({ code: 'reserved_name', found: '$tenon.reserve' });
  });
});
