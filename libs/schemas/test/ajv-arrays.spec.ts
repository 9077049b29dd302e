import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '@tenon/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { mendArrayKeywords } from '../src/ajv-arrays.js';

function validator(schema: JsonObject): (value: JsonValue) => boolean {
  const ajv = mendArrayKeywords(new Ajv2020({ strict: false, logger: false }));
  const validate = ajv.compile(schema);
  return (value) => validate(value) === true;
}

const number: JsonObject = { type: 'number' };

describe('keywords about arrays', () => {
  test.each<[string, JsonObject, JsonValue, boolean]>([
    [
      'an array shorter than its tuple must hold what is asked for',
      { prefixItems: [{}, {}], contains: number },
      [],
      false,
    ],
    ['a tuple that is checked and shorter', { prefixItems: [number], contains: number }, [], false],
    ['an empty array after one that holds it', { items: { contains: number } }, [[1], []], false],
    [
      'an empty array beside one that holds it',
      { additionalProperties: { contains: number } },
      { a: [1], b: [] },
      false,
    ],
    ['an item that is no tuple', { prefixItems: [number, number] }, [1, 'a'], false],
    ['two of three wanted', { contains: number, minContains: 3 }, [1, 'a', 2], false],
    ['three of three wanted', { contains: number, minContains: 3 }, [1, 2, 'a', 3], true],
    ['one too many', { contains: number, maxContains: 1 }, [1, 2], false],
    ['none where none is wanted', { contains: number, minContains: 0, maxContains: 1 }, ['a'], true],
    ['items that a tuple has seen', { prefixItems: [number, number], unevaluatedItems: false }, [1, 2], true],
    ['items that a tuple has not seen', { prefixItems: [number, number], unevaluatedItems: false }, [1, 2, 3], false],
    ['a tuple in a part', { allOf: [{ prefixItems: [number] }], unevaluatedItems: false }, [1, 2], false],
  ])('%s', (_name, schema, value, expected) => {
    expect(validator(schema)(value)).toBe(expected);
  });

  test('agree with what they mean, wherever they stand', () => {
    const items = fc.array(fc.constantFrom<JsonValue>(0, 'a', null), { maxLength: 4 });
    const count = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
    const rules = fc.record({ least: count, most: count, tuple: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(rules, fc.array(items, { maxLength: 4 }), ({ least, most, tuple }, arrays) => {
        const schema: JsonObject = {
          ...(tuple > 0 && { prefixItems: Array.from({ length: tuple }, () => ({ type: ['number', 'null'] })) }),
          contains: number,
          ...(least !== undefined && { minContains: least }),
          ...(most !== undefined && { maxContains: most }),
        };
        const fits = (array: readonly JsonValue[]) => {
          const found = array.filter((item) => typeof item === 'number').length;
          return !array.slice(0, tuple).includes('a') && found >= (least ?? 1) && found <= (most ?? Infinity);
        };
        expect(validator({ items: schema })(arrays)).toBe(arrays.every(fits));
      }),
      { numRuns: 300 },
    );
  });
});
