import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '@tenon/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { mendArrayKeywords } from '../src/ajv-arrays.js';
import { subsetDoubts } from '../src/compatibility/subset.js';
import { editedSchemas, schemas, values } from './schema-arbitrary.js';

function fits(schema: JsonObject): (value: JsonValue) => boolean | null {
  const ajv = mendArrayKeywords(new Ajv2020({ strict: false, logger: false, validateFormats: false, meta: false }));
  const validate = ajv.compile(schema);
  return (value) => {
    try {
      return validate(value) === true;
    } catch (error) {
      // Ajv writes wrong code for some rare schemas; compileDataSchema looks for those.
      if (error instanceof Error && error.name === 'ReferenceError') return null;
      throw error;
    }
  };
}

/** Every object in the value has declared properties only, where the schema says which ones those are. */
function keepsToDeclared(value: JsonValue, schema: JsonValue | undefined): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return Object.keys(value).length === 0;
  if (Array.isArray(value)) return value.every((item) => keepsToDeclared(item, (schema as JsonObject)['items']));
  const declared = ((schema as JsonObject)['properties'] ?? {}) as JsonObject;
  return Object.entries(value).every(([name, inner]) => name in declared && keepsToDeclared(inner, declared[name]));
}

describe('a subset without doubts', () => {
  const pairs = fc.oneof(editedSchemas, fc.tuple(schemas, schemas));

  test('holds for every value: what fits the narrower schema fits the wider one', () => {
    let proven = 0;
    fc.assert(
      fc.property(pairs, fc.array(values, { minLength: 20, maxLength: 40 }), ([one, other], samples) => {
        for (const [sub, sup] of [
          [one, other],
          [other, one],
        ] as const) {
          if (subsetDoubts(sub, sup, 'any').length > 0) continue;
          proven += 1;
          const narrow = fits(sub);
          const wide = fits(sup);
          for (const sample of samples)
            if (narrow(sample)) expect([sample, wide(sample) ?? true, sup]).toEqual([sample, true, sup]);
        }
      }),
      { numRuns: 200 },
    );
    // A comparison that doubts everything would be sound, too.
    expect(proven).toBeGreaterThan(20);
  }, 60_000);

  test('holds for every value that keeps to declared properties where others are ignored', () => {
    fc.assert(
      fc.property(pairs, fc.array(values, { minLength: 20, maxLength: 40 }), ([sub, sup], samples) => {
        if (subsetDoubts(sub, sup, 'ignored').length > 0) return;
        const narrow = fits(sub);
        const wide = fits(sup);
        for (const sample of samples) {
          if (narrow(sample) && keepsToDeclared(sample, sub))
            expect([sample, wide(sample) ?? true]).toEqual([sample, true]);
        }
      }),
      { numRuns: 120 },
    );
  }, 60_000);

  test('is what every schema is of itself', () => {
    fc.assert(
      fc.property(schemas, (schema) => expect(subsetDoubts(schema, structuredClone(schema), 'any')).toEqual([])),
    );
  });
});

describe('what is proven and what is not', () => {
  const text: JsonObject = { type: 'string' };
  const tree = (leaf: JsonObject): JsonObject => ({
    $defs: { tree: { type: 'object', properties: { leaf, next: { $ref: '#/$defs/tree' } } } },
    $ref: '#/$defs/tree',
  });

  test.each<[string, JsonObject, JsonObject, boolean]>([
    ['words about a schema', { ...text, title: 'x', default: 'y' }, text, true],
    [
      'a property named like a word about a schema',
      { properties: { title: text } },
      { properties: { title: {} } },
      true,
    ],
    ['its type changed', { properties: { title: text } }, { properties: { title: { type: 'number' } } }, false],
    ['whole numbers are numbers', { type: 'integer' }, { type: 'number' }, true],
    ['numbers are not whole', { type: 'number' }, { type: 'integer' }, false],
    ['one more type', text, { type: ['string', 'null'] }, true],
    ['null by the keyword of OpenAPI', { ...text, nullable: true }, text, false],
    ['a value more', { enum: ['a'] }, { enum: ['a', 'b'] }, true],
    ['a value less', { enum: ['a', 'b'] }, { enum: ['a'] }, false],
    ['listed values of a wider kind', { enum: ['a', 'b'] }, { ...text, maxLength: 1 }, true],
    ['a demand less', { required: ['a', 'b'] }, { required: ['b'] }, true],
    ['a demand more', { required: ['b'] }, { required: ['a', 'b'] }, false],
    ['closed to open', { additionalProperties: false }, {}, true],
    ['open to closed', { properties: { a: text } }, { properties: { a: text }, additionalProperties: false }, false],
    ['an alternative more', { anyOf: [text] }, { anyOf: [text, { type: 'null' }] }, true],
    ['an alternative less', { anyOf: [text, { type: 'null' }] }, { anyOf: [text] }, false],
    ['longer texts', { ...text, maxLength: 5 }, { ...text, maxLength: 6 }, true],
    ['another pattern', { ...text, pattern: 'a' }, { ...text, pattern: 'b' }, false],
    ['the same pattern', { ...text, pattern: 'a', maxLength: 3 }, { ...text, pattern: 'a' }, true],
    ['a format of numbers', { type: 'integer' }, { type: 'integer', format: 'int32' }, false],
    ['above a bound', { exclusiveMinimum: 1 }, { minimum: 1 }, true],
    ['at a bound', { minimum: 1 }, { exclusiveMinimum: 1 }, false],
    ['a tree that changed nowhere', tree(text), tree({ ...text, description: 'a leaf' }), true],
    ['a tree with other leaves', tree(text), tree({ type: 'number' }), false],
    ['exactly one of two is not monotone', { oneOf: [text] }, { oneOf: [text, text] }, false],
  ])('%s', (_name, sub, sup, expected) => {
    expect(subsetDoubts(sub, sup, 'any').length === 0).toBe(expected);
  });

  test('ends for schemas that would take for ever', () => {
    const deep = (label: string): JsonObject => ({
      $defs: {
        x: { anyOf: Array.from({ length: 20 }, () => ({ properties: { a: { $ref: '#/$defs/x' } } })), title: label },
      },
      anyOf: Array.from({ length: 20 }, (_, index) => ({ $ref: '#/$defs/x', minLength: index })),
    });
    const other = { ...deep('b'), anyOf: [{ $ref: '#/$defs/x', maxLength: 3 }] };
    expect(subsetDoubts(deep('a'), other, 'any')).not.toEqual([]);
  });
});
