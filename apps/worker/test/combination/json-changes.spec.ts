import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@tenon/contracts';
import fc from 'fast-check';
import { changedPointers, mergePatch } from '../../src/combination/json-changes.js';

/** The examples of RFC 7396, appendix A: original, patch, result. */
const examples: readonly (readonly [string, string, string])[] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
];

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;

describe('a merge patch', () => {
  it.each(examples)('makes of %s with %s what RFC 7396 says', (original, patch, result) => {
    expect(JSON.stringify(mergePatch(JSON.parse(original), JSON.parse(patch)))).toBe(result);
  });

  it('has nothing more to do the second time, whatever it is', () => {
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
    );
  });

  it('treats a member named __proto__ as any other', () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__":{"polluted":1}}'));
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"polluted":1}}');
    expect(Object.getOwnPropertyDescriptor(Object.prototype, 'polluted')).toBeUndefined();
  });
});

describe('what changed', () => {
  it('is named by pointers to the smallest values that differ', () => {
    const before = { total: 1, lines: [{ sku: 'a/b', n: 1 }, 2], 'x~y': null };
    const after = { total: 2, lines: [{ sku: 'a/b', n: 3 }, 2, 4], 'x~y': false, 'a/b': 0 };
    expect(changedPointers(before, after, 50)).toEqual(['/total', '/lines/0/n', '/lines/2', '/x~0y', '/a~1b']);
    expect(changedPointers([], {}, 50)).toEqual(['']);
    expect(changedPointers(before, after, 2)).toHaveLength(2);
  });

  it('is nothing exactly where both say the same', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const copy: JsonValue = JSON.parse(JSON.stringify(a));
        expect(changedPointers(a, copy, 50)).toEqual([]);
        const other: JsonValue = JSON.parse(JSON.stringify(b));
        expect(changedPointers(copy, other, 50).length === 0).toBe(isDeepStrictEqual(copy, other));
      }),
    );
  });
});
