import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Credit } from '../../src/sync-runs/credit.js';

/** Grants what it has, as Redis does, and knows what is out. */
class Room {
  pending = 0;
  asked = 0;

  constructor(readonly size: number) {}

  async take(runs: number) {
    this.asked += 1;
    await immediate();
    const admitted = Math.max(0, Math.min(runs, this.size - this.pending));
    this.pending += admitted;
    return admitted < runs ? { admitted, reason: 'events_waiting' as const } : { admitted };
  }

  async giveBack(runs: number) {
    this.pending -= runs;
  }
}

describe('credit for runs', () => {
  it('lets no more runs in at once than there is room for, and gives all of it back', async () => {
    const step = fc.constantFrom('take', 'take', 'take', 'end', 'review', 'wait');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 40 }), fc.array(step, { maxLength: 200 }), async (size, steps) => {
        const room = new Room(size);
        const credit = new Credit(room);
        const taken: Array<Promise<unknown>> = [];
        let [admitted, running] = [0, 0];
        const take = async () => {
          if ((await credit.take()) !== undefined) return;
          admitted += 1;
          running += 1;
          expect(running).toBeLessThanOrEqual(size);
        };
        for (const one of steps) {
          if (one === 'take') taken.push(take());
          else if (one === 'wait') await immediate();
          else if (one === 'review') credit.review();
          else if (running > 0) {
            running -= 1;
            credit.end();
          }
        }
        await Promise.all(taken);
        for (; running > 0; running -= 1) credit.end();
        while (credit.review()) await immediate();
        await credit.giveBack();
        expect(room.pending).toBe(0);
        if (taken.length > 0 && size > 0) expect(admitted).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });

  it('asks for many runs at once while many come', async () => {
    const room = new Room(1_000_000);
    const credit = new Credit(room);
    for (let run = 0; run < 2_000; run += 1) {
      expect(await credit.take()).toBeUndefined();
      credit.end();
      if (run % 100 === 0) credit.review();
    }
    expect(room.asked).toBeLessThan(100);
    expect(room.pending).toBeLessThan(1_000);
  });

  it('refuses nobody for room that ended runs still hold', async () => {
    const credit = new Credit(new Room(1));
    for (let run = 0; run < 5; run += 1) {
      expect(await credit.take()).toBeUndefined();
      credit.end();
    }
    expect(await credit.take()).toBeUndefined();
    expect(await credit.take()).toBe('events_waiting');
  });

  it('does not hold what nobody uses any more', async () => {
    const room = new Room(100);
    const credit = new Credit(room);
    for (let run = 0; run < 20; run += 1) await credit.take();
    for (let run = 0; run < 20; run += 1) credit.end();
    for (let review = 0; review < 3; review += 1) credit.review();
    expect(room.pending).toBe(0);
    expect(credit.review()).toBe(false);
  });
});
