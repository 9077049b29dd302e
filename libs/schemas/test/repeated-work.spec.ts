import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '@tenon/contracts';
import { compileDataSchema } from '@tenon/schemas';

const self = { $ref: '#/$defs/a' };
const recursive = (a: JsonObject): JsonObject => ({ $ref: '#/$defs/a', $defs: { a } });

/** As deep as JSON may nest: a check that goes two ways on each level would never end. */
function deep(levels: number, wrap: (inner: JsonValue) => JsonValue): JsonValue {
  return levels === 0 ? 1 : wrap(deep(levels - 1, wrap));
}

/** Each definition asks the next one twice: no circle, and 2^90 questions. */
function ladder(): JsonObject {
  const rungs = Array.from({ length: 90 }, (_, index): [string, JsonObject] => {
    const next = { $ref: `#/$defs/r${index + 1}` };
    return [`r${index}`, { allOf: [next, next] }];
  });
  return { $ref: '#/$defs/r0', $defs: { ...Object.fromEntries(rungs), r90: { type: 'object' } } };
}

describe('a schema whose work doubles with each level is refused before anything is checked', () => {
  test.each<[string, JsonObject]>([
    ['any of itself twice', recursive({ properties: { n: { anyOf: [self, self] } } })],
    ['one of itself twice', recursive({ items: { oneOf: [self, self] } })],
    ['all of itself twice', recursive({ properties: { n: { allOf: [self, self] } } })],
    ['itself beside a part', recursive({ properties: { n: { ...self, allOf: [self] } } })],
    ['itself under a condition', recursive({ items: { if: self, else: self } })],
    ['branches that lead back', recursive({ anyOf: [{ items: self }, { items: self, minItems: 1 }] })],
    ['two patterns for one name', recursive({ patternProperties: { n: self, '^n': self } })],
    ['a name and a pattern', recursive({ properties: { n: self }, patternProperties: { '^n': self } })],
    ['items and what they contain', recursive({ items: self, contains: self })],
    ['an anchor', { $anchor: 'top', items: { anyOf: [{ $ref: '#top' }, { $ref: '#' }] } }],
    [
      'a pointer in percent',
      { $defs: { 'a b': { items: { allOf: [{ $ref: '#/$defs/a%20b' }, { $ref: '#/$defs/a%20b' }] } } } },
    ],
    ['a ladder without a circle', ladder()],
  ])('%s', (_name, schema) => {
    expect(() => compileDataSchema(schema, '/body/inputSchema')).toThrow(
      expect.objectContaining({ code: 'invalid_schema' }),
    );
  });
});

describe('a schema that comes back to itself in one way is fine, and quick with the deepest values', () => {
  test.each<[string, JsonObject, (inner: JsonValue) => JsonValue]>([
    ['a list of lists', recursive({ type: ['array', 'integer'], items: self }), (inner) => [inner]],
    ['a tree', recursive({ properties: { left: self, right: self } }), (inner) => ({ left: inner, right: 1 })],
    ['any JSON', recursive({ items: self, additionalProperties: self }), (inner) => [{ a: inner }]],
    [
      'one that may end',
      recursive({ properties: { n: { anyOf: [self, { type: 'null' }] } } }),
      (inner) => ({ n: inner }),
    ],
  ])('%s', (_name, schema, wrap) => {
    const compiled = compileDataSchema(schema, '/body/inputSchema');
    expect(compiled.check(deep(120, wrap), '')).toEqual([]);
  });
});
