import { describe, expect, test } from '@jest/globals';
import { eventTypeOf } from '../src/index.js';

const types = { 'carts/update': 'cart.updated' };

describe('the event type of a message', () => {
  test.each([
    ['Shopify names it in a header', 'shopify', { types }, { 'x-shopify-topic': 'carts/update' }, {}, 'cart.updated'],
    ['Standard Webhooks names it in the body', 'standard', { types }, {}, { type: 'carts/update' }, 'cart.updated'],
    [
      'a mapping may name a header',
      'standard',
      { header: 'x-topic', types },
      { 'x-topic': 'carts/update' },
      {},
      'cart.updated',
    ],
    [
      'an unmapped name takes the fallback',
      'shopify',
      { types, fallback: 'other' },
      { 'x-shopify-topic': 'x' },
      {},
      'other',
    ],
    ['no name takes the fallback', 'standard', { types, fallback: 'other' }, {}, null, 'other'],
    ['an unmapped name without fallback is nothing', 'standard', { types }, {}, { type: 'x' }, undefined],
    ['a name of Object.prototype is not in the mapping', 'standard', { types }, {}, { type: 'constructor' }, undefined],
    ['a type that is no text is nothing', 'standard', { types }, {}, { type: 7 }, undefined],
  ] as const)('%s', (_name, scheme, mapping, headers, body, expected) => {
    expect(eventTypeOf(scheme, mapping, headers, body)).toBe(expected);
  });
});
