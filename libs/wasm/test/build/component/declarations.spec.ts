import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { componentEntry } from '../../../src/build/component/component-entry.js';
import { DeclarationError } from '../../../src/build/component/declaration-tokens.js';
import { readDeclarations } from '../../../src/build/component/declarations.js';

const entryOf = (root: string, files: Readonly<Record<string, string>> = {}) =>
  componentEntry(new Map(Object.entries({ 'component.d.ts': root, ...files })));

describe('which function is called', () => {
  test('run, whatever else there is', () => {
    expect(entryOf('export interface Root { init(a: string): void, run(input: string): string, }')).toEqual({
      style: 'text',
      path: ['run'],
      params: [],
      types: [],
    });
  });

  test('wasi:cli/run, which is a command', () => {
    const root = `import type * as WasiCliRun from './interfaces/wasi-cli-run.js';
      export interface Root { 'wasi:cli/run@0.2.3': typeof WasiCliRun, run: typeof WasiCliRun, other(): void, }`;
    const entry = entryOf(root, { 'interfaces/wasi-cli-run.d.ts': 'export function run(): void;' });
    expect(entry).toMatchObject({ style: 'command', path: ['wasi:cli/run@0.2.3', 'run'] });
  });

  test('the only function of an interface', () => {
    const root = `import type * as Rules from './interfaces/acme-shop-rules.js'; // acme:shop/rules
      export interface Root { 'acme:shop/rules': typeof Rules, rules: typeof Rules, }`;
    const file = '/** @module Interface acme:shop/rules **/\nexport function apply(a: bigint): void;';
    expect(entryOf(root, { 'interfaces/acme-shop-rules.d.ts': file })).toMatchObject({
      style: 'typed',
      path: ['acme:shop/rules', 'apply'],
      params: [{ name: 'a', type: 0 }],
      types: [{ kind: 'bigint' }],
    });
  });

  test('none that is asynchronous', () => {
    expect(entryOf('export interface Root { run(input: string): Promise<string>, }')).toMatchObject({
      code: 'unsupported_type',
      message: expect.stringContaining('asynchronous'),
    });
  });

  test('none that takes a resource', () => {
    const root = 'export class Cart { add(): void; } export interface Root { run(cart: Cart): string, }';
    expect(entryOf(root)).toMatchObject({ code: 'unsupported_type', message: expect.stringContaining('Cart') });
  });
});

test('a parameter that jco renamed because of JavaScript has its own name in JSON', () => {
  const entry = entryOf('export interface Root { apply(delete_: boolean, other: string): string, }');
  expect(entry).toMatchObject({ params: [{ name: 'delete' }, { name: 'other' }] });
});

test('what an author wrote into comments is not read', () => {
  const { types } = readDeclarations(
    '/** export type A = string; */ export type B = number; // export type C = string;',
  );
  expect([...types.keys()]).toEqual(['B']);
});

test('types that share parts stay as small as they are written', () => {
  const levels = Array.from({ length: 60 }, (_, i) => `export interface T${i} { a: T${i + 1}, b: T${i + 1}, }`).join(
    '\n',
  );
  const entry = entryOf(`${levels}\nexport type T60 = string;\nexport interface Root { f(a: T0): void, }`);
  expect(entry).toMatchObject({ style: 'typed' });
  if ('types' in entry) expect(entry.types.length).toBeLessThan(200);
});

test('no text makes the reader throw anything but its own error, or hang', () => {
  const pieces = [
    'export',
    'interface',
    'Root',
    'type',
    '{',
    '}',
    '(',
    ')',
    ':',
    ',',
    ';',
    '<',
    '>',
    '[',
    ']',
    '|',
    "'x'",
  ];
  const more = ['import', 'typeof', 'A', 'Array', 'string', '=', '/*', '*/', '\n', "'", '.', 'function'];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces, ...more), { maxLength: 60 }), (tokens) => {
      try {
        readDeclarations(tokens.join(' '));
      } catch (error) {
        expect(error).toBeInstanceOf(DeclarationError);
      }
    }),
    { numRuns: 2_000 },
  );
});
