import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InFlight } from '../../src/process/in-flight.js';

describe('what is in flight', () => {
  it('is found under its id until it is taken out, whatever comes and goes beside it', () => {
    const steps = fc.array(fc.record({ adds: fc.boolean(), place: fc.nat() }), { maxLength: 400 });
    fc.assert(
      fc.property(steps, (all) => {
        const inFlight = new InFlight<string>();
        const model = new Map<number, string>();
        const past: number[] = [];
        for (const [number, { adds, place }] of all.entries()) {
          const id = past[place % Math.max(1, past.length)];
          if (adds && model.size < 256) {
            const added = inFlight.add(`${number}`);
            expect(past).not.toContain(added);
            past.push(added);
            model.set(added, `${number}`);
          } else if (id !== undefined) {
            inFlight.delete(id);
            model.delete(id);
          }
          expect(inFlight.size).toBe(model.size);
          if (id !== undefined) expect(inFlight.get(id)).toBe(model.get(id));
        }
        expect([...inFlight.values()].sort()).toEqual([...model.values()].sort());
      }),
    );
  });

  it('gives ids that fit a frame, and never 0', () => {
    const inFlight = new InFlight<number>();
    for (let number = 0; number < 100_000; number += 1) {
      const id = inFlight.add(number);
      expect(id > 0 && id <= 0xffff_ffff && inFlight.get(id) === number).toBe(true);
      inFlight.delete(id);
    }
  });

  it('holds 256 and no more', () => {
    const inFlight = new InFlight<number>();
    for (let number = 0; number < 256; number += 1) inFlight.add(number);
    expect(() => inFlight.add(256)).toThrow(RangeError);
    expect(inFlight.clear()).toHaveLength(256);
    expect(inFlight.size).toBe(0);
    expect(inFlight.get(inFlight.add(1))).toBe(1);
  });
});
