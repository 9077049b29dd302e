import { describe, expect, it } from '@jest/globals';
import { BoundedCache } from '../../src/shared/bounded-cache.js';

describe('a bounded cache', () => {
  it('forgets the entry that was used longest ago', () => {
    const cache = new BoundedCache<string, number>(2, 1_000);
    cache.set('a', 1);
    cache.set('b', 2);
    cache.get('a');
    cache.set('c', 3);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
    expect(cache.size).toBe(2);
  });

  it('keeps what is used while others fill the other half of its room', () => {
    const cache = new BoundedCache<number, number>(8, 1_000);
    for (let key = 0; key < 100; key += 1) {
      cache.set(key, key);
      expect(cache.get(0)).toBe(0);
    }
    expect(cache.size).toBe(8);
  });

  it('forgets what is too old, and setting makes it young again', () => {
    let nowMs = 0;
    const cache = new BoundedCache<string, number>(10, 100, () => nowMs);
    cache.set('a', 1);
    nowMs = 99;
    expect(cache.get('a')).toBe(1);
    nowMs = 100;
    expect(cache.get('a')).toBeUndefined();
    expect(cache.size).toBe(0);
    cache.set('a', 2);
    nowMs = 199;
    expect(cache.get('a')).toBe(2);
  });
});
