import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { apiKeyKindOf, apiKeyPrefixes, hashApiKey, mintApiKey } from '../src/index.js';

describe('api keys', () => {
  test.each(['tenant', 'operator'] as const)('a minted %s key is known by its form', (kind) => {
    const minted = mintApiKey(kind);
    expect(minted.key).toMatch(new RegExp(`^${apiKeyPrefixes[kind]}_[0-9A-Za-z]{38}$`));
    expect(apiKeyKindOf(minted.key)).toBe(kind);
    expect(minted.key.startsWith(minted.prefix)).toBe(true);
    expect(minted.prefix).toHaveLength(8);
    expect(hashApiKey(minted.key).equals(minted.hash)).toBe(true);
  });

  test('one changed character is noticed without a query', () => {
    const { key } = mintApiKey('tenant');
    fc.assert(
      fc.property(fc.integer({ min: 4, max: key.length - 1 }), fc.constantFrom(...'0aZ9xQ'), (index, character) => {
        fc.pre(key.charAt(index) !== character);
        expect(apiKeyKindOf(key.slice(0, index) + character + key.slice(index + 1))).toBeUndefined();
      }),
    );
  });

  test('other text is no key', () => {
    fc.assert(fc.property(fc.string(), (text) => apiKeyKindOf(text) === undefined));
  });
});
