import { describe, expect, test } from '@jest/globals';
import { build } from '@tenon/wasm';
import fc from 'fast-check';
import { scriptFrom } from '../../src/build/component/glue.js';
import { runOnce } from './support/run-guest.js';
import { dataText, wat } from './support/wat.js';

/** A component in which a tenant chose the names of core exports and imports, which jco writes into its JavaScript. */
async function componentNaming(name: string, exported = 'run'): Promise<Uint8Array> {
  const text = dataText(name);
  return wat(`(component
    (core module $lib (func (export "${text}") (result i32) (i32.const 1)))
    (core module $main
      (import "${text}" "${text}" (func $lib (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 1024) "[1]")
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
      (func (export "run${text}") (param i32 i32) (result i32)
        (drop (call $lib))
        (i32.store8 (i32.const 16) (i32.const 0))
        (i32.store (i32.const 20) (i32.const 1024))
        (i32.store (i32.const 24) (i32.const 3))
        (i32.const 16)))
    (core instance $l (instantiate $lib))
    (core instance $m (instantiate $main (with "${text}" (instance $l))))
    (func (export "${exported}") (param "input" string) (result (result string (error string)))
      (canon lift (core func $m "run${text}") (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))`);
}

const injection = 'globalThis.escaped = true';

describe('names that a tenant chose never become code', () => {
  test.each([
    ["a quote that ends jco's string", `'; ${injection}; '`],
    ['a double quote', `"; ${injection}; "`],
    ['a template', `\${${injection}}`],
    ['a backtick', `\`; ${injection}; \``],
    ['a backslash before the closing quote', `${injection}\\`],
    ['a line break', `\n${injection}\n//`],
    ['a carriage return', `\r${injection}`],
    ['a line separator', `\u2028${injection}`],
    ['an end of comment', `*/ ${injection} /*;"`],
    ['the prototype', '__proto__'],
    ['text that runs backwards', '\u202Erun'],
    ['another alphabet', 'rún'],
    ['257 characters', 'x'.repeat(257)],
  ])('%s is refused', async (_name, name) => {
    expect(await build(await componentNaming(name))).toMatchObject({
      status: 'rejected',
      rejection: { code: 'unsafe_name' },
    });
    expect('escaped' in globalThis).toBe(false);
  });

  test.each([
    'cabi_realloc',
    'wasi:io/streams@0.2.3#[method]output-stream.write',
    '$imports',
    'utf8-to-utf8 (a => b)',
    'x*/y',
  ])('%s, as toolchains write them, works', async (name) => {
    expect(await runOnce(await componentNaming(name))).toMatchObject({ outcome: 'succeeded', output: '[1]' });
  });

  test.each([
    ['arguments', 'arguments'],
    ['get-or-create-async-state', 'getOrCreateAsyncState'],
    ['backpressure-waiters', 'backpressureWaiters'],
  ])('an export called %s was built and then failed at every run', async (name, found) => {
    expect(await build(await componentNaming('lib', name))).toMatchObject({
      status: 'rejected',
      rejection: { code: 'taken_name', found },
    });
  });

  test.each(['delete', 'await', 'eval', 'default'])(
    'a function called %s was refused as if it were missing',
    async (name) => {
      const bytes = await wat(`(component
      (core module $main (func (export "f") (result i32) (i32.const 1)))
      (core instance $m (instantiate $main))
      (func $f (result u32) (canon lift (core func $m "f")))
      (instance $i (export "${name}" (func $f)))
      (export "test:a/b" (instance $i)))`);

      expect(await build(bytes)).toMatchObject({ status: 'rejected', rejection: { code: 'taken_name', found: name } });
    },
  );

  test('whatever the name, it is refused or it is only a name', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 12 }), async (name) => {
        const bytes = await componentNaming(name.toWellFormed());
        const result = await build(bytes);
        if (result.status === 'ready') expect(await runOnce(bytes)).toMatchObject({ outcome: 'succeeded' });
        else expect(result).toMatchObject({ status: 'rejected' });
        expect('escaped' in globalThis).toBe(false);
      }),
      { numRuns: 40 },
    );
  });
});

test('glue of a shape that this version of jco does not write is not made a script', () => {
  expect(scriptFrom('export function instantiate() {}')).toBeUndefined();
  expect(
    scriptFrom(`"use components";\nexport function instantiate(a) {}\nexport const _util = {};\n${injection}`),
  ).toBeUndefined();
});
