import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { entityTagOf, matchesStrongly, matchesWeakly, parseTagList } from '../../src/http/entity-tag.js';

describe('entity tags', () => {
  test('two representations have one tag only if their bytes are equal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = JSON.stringify({ a }) === JSON.stringify({ a: b });
        expect(entityTagOf({ a }) === entityTagOf({ a: b })).toBe(same);
      }),
    );
  });

  test('an object has the tag of its JSON text', () => {
    expect(entityTagOf({ a: 1 })).toBe(entityTagOf('{"a":1}'));
    expect(entityTagOf({ a: 1 })).toMatch(/^"[A-Za-z0-9_-]{22}"$/);
  });

  test('what one writes one reads back, in any list', () => {
    const tag = fc.stringMatching(/^[!#-~]{0,40}$/).map((text) => `"${text}"`);
    const listed = fc.array(fc.tuple(tag, fc.boolean()), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(listed, fc.constantFrom(',', ', ', ' ,\t'), (tags, comma) => {
        const parts = tags.map(([text, weak]) => (weak ? `W/${text}` : text));
        expect(parseTagList('if-match', parts.join(comma))).toEqual(parts);
      }),
    );
  });

  test.each(['', 'x', '"', '"a" "b"', '"a",', '*, "a"', "'a'", Array.from({ length: 21 }, () => '"a"').join()])(
    'a header that is no list of tags is refused by name: %s',
    (header) => {
      expect(() => parseTagList('if-match', header)).toThrow(
        expect.objectContaining({
          code: 'invalid_request',
          errors: [{ pointer: '/header/if-match', message: expect.anything() }],
        }),
      );
    },
  );

  test('a weak tag is good enough to read and not to change', () => {
    expect(matchesWeakly(['W/"a"'], '"a"')).toBe(true);
    expect(matchesStrongly(['W/"a"'], '"a"')).toBe(false);
    expect(matchesStrongly(['"b"', '"a"'], '"a"')).toBe(true);
  });

  test('nothing matches what is not there, and anything is matched by a star', () => {
    expect([matchesStrongly('*', undefined), matchesWeakly('*', undefined)]).toEqual([false, false]);
    expect([matchesStrongly('*', '"a"'), matchesWeakly('*', '"a"')]).toEqual([true, true]);
  });
});
