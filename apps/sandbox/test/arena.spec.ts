import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Arena } from '../src/arena.js';

describe('Arena', () => {
  it('hands out room that never overlaps, and takes it back', () => {
    const bytes = 64 * 4096;
    const moves = fc.array(fc.oneof(fc.integer({ min: 1, max: 30_000 }), fc.constant(-1)), { maxLength: 100 });
    fc.assert(
      fc.property(moves, (wishes) => {
        const arena = new Arena(bytes);
        const held: { offset: number; capacity: number }[] = [];
        for (const wish of wishes) {
          const given = wish === -1 ? held.shift() : undefined;
          if (given !== undefined) arena.give(given.offset, given.capacity);
          if (wish === -1) continue;
          const room = arena.take(wish);
          if (room === undefined) continue;
          expect(room.capacity).toBeGreaterThanOrEqual(wish);
          expect(room.offset + room.capacity).toBeLessThanOrEqual(bytes);
          for (const other of held) {
            expect(room.offset >= other.offset + other.capacity || other.offset >= room.offset + room.capacity).toBe(
              true,
            );
          }
          held.push(room);
        }
        for (const room of held) arena.give(room.offset, room.capacity);
        expect(arena.take(bytes)).toEqual({ offset: 0, capacity: bytes });
      }),
    );
  });

  it('gives the page that was given back last to the next that needs one', () => {
    const arena = new Arena(8 * 4096);
    const [first, second] = [arena.take(1), arena.take(1)];
    arena.give(first?.offset ?? -1, 4096);
    arena.give(second?.offset ?? -1, 4096);

    expect(arena.take(4096)).toEqual(second);
    expect(arena.take(4096)).toEqual(first);
  });

  it('has nothing where everything is taken', () => {
    const arena = new Arena(2 * 4096);
    expect(arena.take(8192)).toEqual({ offset: 0, capacity: 8192 });
    expect(arena.take(1)).toBeUndefined();
    expect(new Arena(4096).take(4097)).toBeUndefined();
  });
});
