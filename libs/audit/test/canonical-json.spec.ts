import { describe, expect, test } from '@jest/globals';
import { canonicalJson, type JsonValue, storableText } from '@tenon/audit';
import fc from 'fast-check';

describe('canonical JSON', () => {
  test.each<[string, JsonValue, string]>([
    ['members in the order of their code units', { b: 1, a: 2, '€': 3, A: 4 }, '{"A":4,"a":2,"b":1,"€":3}'],
    ['no spaces', [1, { a: [] }, null], '[1,{"a":[]},null]'],
    ['numbers as JavaScript writes them', [1e21, 0.1, -0, 5e-324], '[1e+21,0.1,0,5e-324]'],
    ['absent members left out', { a: undefined, b: 1 }, '{"b":1}'],
    ['a member named __proto__ kept', JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
    ['half a surrogate pair and NUL replaced', '\ud800\u0000', '"\ufffd\ufffd"'],
  ])('writes %s', (_what, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test('refuses what JSON cannot carry, and depth without end', () => {
    expect(() => canonicalJson([Number.NaN])).toThrow(RangeError);
    let deep: JsonValue = [];
    for (let level = 0; level < 100; level += 1) deep = [deep];
    expect(() => canonicalJson(deep)).toThrow(RangeError);
  });

  test('is the same for equal values whatever the order of their members, and reads back as the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = canonicalJson(value as JsonValue);
        expect(canonicalJson(reversed(value) as JsonValue)).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  test('storable text stays as it is once it is storable', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = storableText(text);
        expect(storableText(once)).toBe(once);
        expect(once).not.toContain('\u0000');
        expect(once.isWellFormed()).toBe(true);
      }),
    );
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, member]) => [key, reversed(member)]));
}
