import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type BodyOwner, BodyRoom } from '../../src/http/body-room.js';

const known = (name: string): BodyOwner => ({ name, isKnown: true });
const stranger = (name: string): BodyOwner => ({ name, isKnown: false });
const room = () => new BodyRoom({ callersBytesMax: 100, strangersBytesMax: 20 });

describe('the room for bodies', () => {
  it('lets nobody have more than a half, and all together no more than there is', () => {
    const one = room();
    one.take(known('a'), 50);
    expect(() => one.take(known('a'), 1)).toThrow(expect.objectContaining({ code: 'rate_limited' }));
    one.take(known('b'), 40);
    one.take(known('c'), 10);
    expect(() => one.take(known('c'), 1)).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  it('has a place for one body of everybody else where two owners have filled it, up to half as much again', () => {
    const one = room();
    one.take(known('a'), 50);
    one.take(known('b'), 50);
    one.take(known('c'), 30);
    expect(() => one.take(known('c'), 1)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    one.take(known('d'), 20);
    expect(() => one.take(known('e'), 1)).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  it('is another one for those who have shown nothing yet', () => {
    const one = room();
    one.take(stranger('10.0.0.1'), 10);
    one.take(stranger('10.0.0.2'), 10);
    one.take(stranger('10.0.0.3'), 10);
    expect(() => one.take(stranger('10.0.0.4'), 1)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    one.take(known('a'), 50);
  });

  it('gives a place back once, however often it is given back', () => {
    const one = room();
    one.take(known('b'), 30);
    const giveBack = one.take(known('a'), 50);
    giveBack();
    giveBack();
    one.take(known('a'), 50);
    one.take(known('c'), 20);
    expect(() => one.take(known('c'), 1)).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  it('never holds more than its bounds, whatever comes and goes, and is whole again in the end', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 60 }), fc.boolean()));
    fc.assert(
      fc.property(steps, (all) => {
        const one = room();
        const held: { name: string; bytes: number; giveBack: () => void }[] = [];
        const sum = (name?: string) =>
          held
            .filter((place) => name === undefined || place.name === name)
            .reduce((total, { bytes }) => total + bytes, 0);
        for (const [name, bytes, leaves] of all) {
          if (leaves) held.shift()?.giveBack();
          const fits = sum(name) + bytes <= 50 && sum() + bytes <= (sum(name) === 0 ? 150 : 100);
          try {
            held.push({ name, bytes, giveBack: one.take(known(name), bytes) });
            expect(fits).toBe(true);
          } catch {
            expect(fits).toBe(false);
          }
        }
        for (const { giveBack } of held) giveBack();
        one.take(known('a'), 50);
        one.take(known('b'), 50);
      }),
    );
  });
});
