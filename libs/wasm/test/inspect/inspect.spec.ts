import { parse } from '@bytecodealliance/jco';
import { describe, expect, it } from '@jest/globals';
import { inspect } from '@tenon/wasm';

describe('inspect', () => {
  it('describes everything a report needs', async () => {
    const bytes = await parse(`(module $thing
      (import "env" "log" (func $log (param i32 i64) (result f32)))
      (memory (export "memory") 2 5)
      (table 3 funcref)
      (global $g (mut i64) (i64.const 1))
      (func $small (export "small") (result i32) (i32.const 1))
      (func $large (param v128) (local i32 i32) (drop (local.get 0)) (drop (i32.const 123456)))
      (start $boot) (func $boot)
      (@custom "notes" "hello")
      (@producers (language "Rust" "1.85") (processed-by "rustc" "1.85.0"))
      (data (i32.const 0) "abcd"))`);
    const found = inspect(bytes);
    expect(found).toMatchObject({
      bytes: bytes.length,
      moduleName: 'thing',
      imports: [{ module: 'env', name: 'log', kind: 'function' }],
      exports: [
        { name: 'memory', kind: 'memory', index: 0 },
        { name: 'small', kind: 'function', index: 1 },
      ],
      functionsDefined: 3,
      functionsImported: 1,
      functionTypes: ['(i32, i64) -> (f32)', '() -> (i32)', '(v128) -> ()', '() -> ()'],
      memories: [{ min: 2, max: 5, is64: false, imported: false }],
      tables: [{ min: 3, max: undefined, is64: false, imported: false }],
      globals: ['(mut i64)'],
      dataSegments: 1,
      dataBytes: 4,
      start: 3,
      functionsNamed: 4,
      localsMax: 3,
      features: ['simd'],
      producers: [
        { field: 'language', name: 'Rust', version: '1.85' },
        { field: 'processed-by', name: 'rustc', version: '1.85.0' },
      ],
    });
    expect(found.biggestFunctions[0]).toMatchObject({ index: 2, name: 'large' });
    expect(found.sections.find((section) => section.name === 'notes')).toMatchObject({ custom: true, bytes: 13 });
    expect(found.sections.reduce((sum, section) => sum + section.bytes, 8)).toBe(bytes.length);
  });

  it.each([
    ['gc', '(module (type (struct (field i32))))'],
    ['exceptions', '(module (tag))'],
    ['legacy-exceptions', '(module (func try catch_all end))'],
    ['tail-calls', '(module (func $f (return_call $f)))'],
    ['memory64', '(module (memory i64 1))'],
    ['multi-memory', '(module (memory 1) (memory 1))'],
    ['bulk-memory', '(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))'],
    ['function-references', '(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))'],
    ['sign-extension', '(module (func (drop (i32.extend8_s (i32.const 0)))))'],
    ['multi-value', '(module (func (result i32 i32) (i32.const 1) (i32.const 2)))'],
  ])('names the feature %s', async (feature, text) => {
    expect(inspect(await parse(text)).features).toContain(feature);
  });

  it('ignores a name section that is garbage', async () => {
    const bytes = await parse('(module (func $named))');
    const at = bytes.length - 3;
    const broken = bytes.slice();
    broken[at] = 0xff;
    expect(inspect(broken).functionsDefined).toBe(1);
  });
});
