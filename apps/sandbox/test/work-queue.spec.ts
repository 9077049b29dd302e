import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { slotStates, WorkQueue } from '../src/work-queue.js';

function publish(queue: WorkQueue, slot: number, text: string): void {
  const room = { offset: slot * 4096, capacity: 4096 };
  queue.publish(slot, room, { request: Buffer.from(text), artifact: 7, tenant: 3 });
}

describe('WorkQueue', () => {
  it('hands out what was published in order, each slot to one thread', () => {
    const queue = WorkQueue.create();
    publish(queue, 5, 'first');
    publish(queue, 3, 'second');

    expect([queue.claim(1), queue.claim(2), queue.claim(1)]).toEqual([5, 3, undefined]);
    expect(queue.state(5)).toBe(slotStates.claimed + 1);
    expect(queue.bytes(3).toString()).toBe('second');
    expect(queue.artifact(3)).toBe(7);
  });

  it('returns a result in the place of the request, or refuses one that does not fit', () => {
    const queue = WorkQueue.create();
    publish(queue, 0, 'request');
    queue.claim(1);

    expect(queue.finish(0, Buffer.alloc(4097))).toBe(false);
    expect(queue.finish(0, Buffer.from('result'))).toBe(true);
    expect(queue.bytes(0).toString()).toBe('result');
    expect(queue.state(0)).toBe(slotStates.done);
  });

  it('does not let a thread sleep while something waits, nor longer than it may', () => {
    const queue = WorkQueue.create(2);
    publish(queue, 0, 'work');

    expect(queue.awaitWork(0, 60_000)).toBe('not-equal');
    queue.claim(1);
    expect(queue.awaitWork(0, 1)).toBe('timed-out');
  });

  it('wakes the supervisor for the first of several rings, and lets it see the others', async () => {
    const queue = WorkQueue.create();
    const first = queue.whenRung(queue.bell());
    queue.ring();
    queue.ring();

    await expect(first).resolves.toBe('ok');
    const seen = queue.bell();
    queue.ring();
    expect(queue.whenRung(seen)).toBeUndefined();
  });

  it('says nothing about a slot that was claimed but not begun', () => {
    const queue = WorkQueue.create();
    publish(queue, 0, 'a');
    queue.claim(1);

    expect(queue.progress(0)).toBeUndefined();
    queue.start(0, 1_234, true);
    expect(queue.progress(0)).toEqual({ preparing: true, sinceMs: 1_234 });
    queue.start(0, 1_235, false);
    expect(queue.progress(0)).toEqual({ preparing: false, sinceMs: 1_235 });
    queue.setState(0, slotStates.free);
    publish(queue, 0, 'b');
    expect(queue.progress(0)).toBeUndefined();
  });

  it('never loses or repeats work, however publishing, claiming and finishing interleave', () => {
    const steps = fc.array(fc.constantFrom('publish', 'claim 1', 'claim 2', 'finish'), { maxLength: 400 });
    fc.assert(
      fc.property(steps, (moves) => {
        const queue = WorkQueue.create();
        const free = [0, 1, 2];
        const published: string[] = [];
        const claimed: number[] = [];
        const seen: string[] = [];
        for (const move of moves) {
          const slot = move === 'publish' ? free.pop() : undefined;
          if (slot !== undefined) {
            published.push(`job ${published.length}`);
            publish(queue, slot, published.at(-1) ?? '');
          }
          const taken = move.startsWith('claim') ? queue.claim(Number(move.slice(6))) : undefined;
          if (taken !== undefined) {
            seen.push(queue.bytes(taken).toString());
            claimed.push(taken);
          }
          const finished = move === 'finish' ? claimed.shift() : undefined;
          if (finished !== undefined) {
            queue.setState(finished, slotStates.free);
            free.unshift(finished);
          }
        }
        for (let slot = queue.claim(1); slot !== undefined; slot = queue.claim(1))
          seen.push(queue.bytes(slot).toString());
        expect(seen).toEqual(published);
      }),
      { numRuns: 30 },
    );
  });

  it('rings once for whoever listens, and at once for whoever comes late', async () => {
    const queue = WorkQueue.create();
    const seen = queue.bell();
    const rung = queue.whenRung(seen);
    queue.ring();

    await rung;
    expect(queue.whenRung(seen)).toBeUndefined();
  });
});
