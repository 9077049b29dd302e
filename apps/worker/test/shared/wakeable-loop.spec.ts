import { describe, expect, it } from '@jest/globals';
import { waitFor } from '@tenon/testing';
import { WakeableLoop, type WakeableLoopOptions } from '../../src/shared/wakeable-loop.js';

const never = 1_000_000_000;
const options: WakeableLoopOptions = { pollMs: never, errorPauseMs: 1, onError: () => undefined };

describe('a wakeable loop', () => {
  it('goes on while there is more and pauses when idle', async () => {
    let steps = 0;
    const loop = new WakeableLoop(async () => (++steps < 5 ? 'more' : 'idle'), options);
    loop.start();
    await waitFor('five steps', () => steps === 5);
    await loop.stop();
    expect(steps).toBe(5);
  });

  it('steps again when it was woken in the middle of a step', async () => {
    let steps = 0;
    const loop: WakeableLoop = new WakeableLoop(async () => {
      steps += 1;
      if (steps === 1) loop.wake();
      return 'idle';
    }, options);
    loop.start();
    await waitFor('the second step', () => steps === 2);
    await loop.stop();
  });

  it('steps again when the poll interval has passed', async () => {
    let steps = 0;
    const loop = new WakeableLoop(
      async () => {
        steps += 1;
        return 'idle';
      },
      { ...options, pollMs: 5 },
    );
    loop.start();
    await waitFor('several steps', () => steps >= 3);
    await loop.stop();
  });

  it('outlives steps that throw, reports them, and does not spin', async () => {
    const failures: number[] = [];
    let steps = 0;
    const loop = new WakeableLoop(
      async () => {
        steps += 1;
        if (steps <= 3) throw new Error('away');
        return 'idle';
      },
      { ...options, onError: (_error, count) => failures.push(count) },
    );
    loop.start();
    await waitFor('the step that works', () => steps === 4);
    await loop.stop();
    expect(failures).toEqual([1, 2, 3]);
  });

  it('stops only after the step under way', async () => {
    const { promise: blocked, resolve: release } = Promise.withResolvers<void>();
    let begun = false;
    let ended = false;
    const loop = new WakeableLoop(async () => {
      begun = true;
      await blocked;
      ended = true;
      return 'more';
    }, options);
    loop.start();
    await waitFor('the step to begin', () => begun);
    const stopping = loop.stop();
    release();
    await stopping;
    expect(ended).toBe(true);
  });
});
