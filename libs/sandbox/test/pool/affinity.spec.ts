import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { favouritePlace } from '../../src/pool/affinity.js';

const ids = Array.from({ length: 4_000 }, (_, index) => createHash('sha256').update(`artifact ${index}`).digest('hex'));

describe('favouritePlace', () => {
  it('spreads artifacts evenly', () => {
    const counts = [0, 0, 0, 0];
    for (const id of ids) {
      const place = favouritePlace(id, 4);
      counts[place] = (counts[place] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(120);
  });

  it('moves only what must move when a place is added', () => {
    const moved = ids.filter((id) => favouritePlace(id, 4) !== favouritePlace(id, 5));

    expect(moved.every((id) => favouritePlace(id, 5) === 4)).toBe(true);
    expect(Math.abs(moved.length - 800)).toBeLessThan(120);
  });
});
