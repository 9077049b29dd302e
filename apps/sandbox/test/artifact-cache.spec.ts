import { describe, expect, it } from '@jest/globals';
import { ArtifactCache } from '../src/artifact-cache.js';
import type { CompiledArtifact } from '../src/engine.js';

/** What is compiled is only handed on here. */
const compiled = Object.freeze({}) as CompiledArtifact;

/** With room for `places` artifacts of a megabyte each. */
function cacheOf(places: number) {
  const evicted: string[] = [];
  const bytes = 1_000_000;
  const cache = new ArtifactCache(places * (bytes + 32 * 1024), ({ id }) => evicted.push(id));
  return { cache, evicted, add: (id: string) => cache.add(id, bytes, compiled) };
}

describe('the cache of artifacts', () => {
  it('lets the one go that was used longest ago', () => {
    const { cache, evicted, add } = cacheOf(3);
    for (const id of ['a', 'b', 'c']) add(id);
    cache.get('a');
    add('d');
    expect(evicted).toEqual(['b']);
    expect(cache.get('a')?.id).toBe('a');
  });

  it('keeps what is used while others come and go', () => {
    const { cache, evicted, add } = cacheOf(8);
    for (let number = 0; number < 100; number += 1) {
      add(`${number}`);
      expect(cache.get('0')?.id).toBe('0');
    }
    expect(evicted).toEqual(Array.from({ length: 92 }, (_, index) => `${index + 1}`));
    expect(cache.count).toBe(8);
  });

  it('keeps what runs, whatever the others need', () => {
    const { evicted, add } = cacheOf(2);
    add('busy').uses = 1;
    for (const id of ['b', 'c', 'd']) add(id);
    expect(evicted).toEqual(['b', 'c']);
  });
});
