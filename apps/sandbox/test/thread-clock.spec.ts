import { describe, expect, it } from '@jest/globals';
import { ThreadClock } from '../src/thread-clock.js';

function busyFor(ms: number): number {
  const end = performance.now() + ms;
  let turns = 0;
  while (performance.now() < end) turns += 1;
  return turns;
}

function asleepFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('ThreadClock', () => {
  it('gives back what the work gave, with the time it took', () => {
    const { result, times } = new ThreadClock().measure(() => busyFor(20));

    expect(result).toBeGreaterThan(0);
    expect(times.wallUs).toBeGreaterThanOrEqual(20_000);
    expect(times.cpuUs).toBeLessThanOrEqual(times.wallUs);
  });

  it('does not count time in which the thread slept, in a run longer than a tick', () => {
    const { times } = new ThreadClock().measure(() => asleepFor(60));

    expect(times.wallUs).toBeGreaterThanOrEqual(59_000);
    expect(times.cpuUs).toBeLessThan(times.wallUs / 2);
  });

  it('counts the wall in a run shorter than a tick of the clock', () => {
    const { times } = new ThreadClock().measure(() => 1);

    expect(times.cpuUs).toBe(times.wallUs);
  });

  it('counts no more of earlier runs towards a long one than some ticks', () => {
    const clock = new ThreadClock();
    for (let run = 0; run < 50; run += 1) clock.measure(() => busyFor(1));

    const { times } = clock.measure(() => asleepFor(60));

    expect(times.cpuUs).toBeLessThan(30_000);
  });
});
