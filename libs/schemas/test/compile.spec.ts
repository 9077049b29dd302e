import { describe, expect, test } from '@jest/globals';
import { type JsonObject, ProblemError } from '@tenon/contracts';
import { compileDataSchema, settingsSchemaBounds } from '@tenon/schemas';

const nested = (depth: number): JsonObject => (depth === 0 ? {} : { properties: { a: nested(depth - 1) } });

function refusal(schema: JsonObject, ...bounds: (typeof settingsSchemaBounds)[]) {
  try {
    compileDataSchema(schema, '/body/inputSchema', ...bounds);
  } catch (error) {
    if (error instanceof ProblemError) return { code: error.code, ...error.errors[0] };
    throw error;
  }
  return null;
}

describe('a schema from outside', () => {
  test('checks values and says where they are wrong', () => {
    const schema = compileDataSchema({ type: 'object', properties: { a: { type: 'number' } } }, '/body');
    expect(schema.check({ a: 1 }, '/data')).toEqual([]);
    expect(schema.check({ a: 'x' }, '/data')).toEqual([{ pointer: '/data/a', message: 'must be number' }]);
  });

  test.each<[string, JsonObject, string, RegExp]>([
    [
      'a reference to elsewhere',
      { properties: { a: { $ref: 'https://example.com/x' } } },
      '/properties/a/$ref',
      /inside/,
    ],
    ['a reference to a file', { $ref: 'file:///etc/passwd' }, '/$ref', /inside/],
    ['a promise', { $async: true }, '/$async', /not allowed/],
    ['another draft', { $schema: 'http://json-schema.org/draft-07/schema#' }, '/$schema', /2020-12/],
    ['too deep', nested(30), '', /deeper/],
    ['too many values', { enum: Array.from({ length: 6_000 }, (_, index) => index) }, '/enum', /values/],
    ['too large', { description: 'x'.repeat(64_000) }, '', /bytes/],
    ['unique items without a bound', { type: 'array', uniqueItems: true }, '/uniqueItems', /maxItems/],
    ['look-behind', { type: 'string', pattern: '(?<=a)b(?=c)' }, '', /./],
    ['a repeated repeat', { type: 'string', pattern: '((a{1,100}){1,10}){1,10}' }, '', /./],
    ['a misspelt keyword', { type: 'object', propertys: {} }, '', /unknown keyword/],
    ['a name of a prototype', JSON.parse('{"properties":{"__proto__":{}}}') as JsonObject, '/properties', /__proto__/],
  ])('is refused: %s', (_name, schema, pointer, message) => {
    const error = refusal(schema);
    expect(error).toMatchObject({ code: 'invalid_schema', message: expect.stringMatching(message) });
    expect(error?.pointer?.startsWith(`/body/inputSchema${pointer}`)).toBe(true);
  });

  test('may be many levels deep and refer to itself', () => {
    expect(refusal(nested(15))).toBeNull();
    expect(refusal({ $defs: { a: { properties: { next: { $ref: '#/$defs/a' } } } }, $ref: '#/$defs/a' })).toBeNull();
  });

  test('has no references where its author is not trusted with them', () => {
    expect(refusal({ $defs: { a: {} }, $ref: '#/$defs/a' }, settingsSchemaBounds)?.message).toMatch(/references/);
  });

  test.each(['^(a+)+$', '^(a|a)*$', '(.*a){12}', '^(\\w+\\s?)*$'])(
    'the pattern %s takes time by length only',
    (pattern) => {
      const schema = compileDataSchema({ type: 'string', pattern }, '/body');
      const startedMs = performance.now();
      schema.check(`${'a'.repeat(20_000)}!`, '');
      expect(performance.now() - startedMs).toBeLessThan(5_000);
    },
  );

  test('patterns are not taken for each other, nor for those of the schema of schemas', () => {
    const schema = compileDataSchema({ properties: { a: { pattern: '^x' }, b: { pattern: '^y' } } }, '/body');
    expect(schema.check({ a: 'x', b: 'y' }, '')).toEqual([]);
    expect(schema.check({ a: 'y' }, '')).toHaveLength(1);
    expect(schema.check({ b: 'x' }, '')).toHaveLength(1);
  });

  test('patterns mean what they mean in JavaScript', () => {
    const schema = compileDataSchema({ type: 'string', pattern: '^\\p{L}+-\\d{2}$' }, '/body');
    expect(schema.check('Größe-42', '')).toEqual([]);
    expect(schema.check('Größe-4', '')).toHaveLength(1);
  });
});
