import { describe, expect, it } from '@jest/globals';
import { elapsedMs, sharedNowMs } from '../src/shared-clock.js';

describe('elapsedMs', () => {
  it('counts across the wrap of the clock', () => {
    expect(elapsedMs(2 ** 30 - 5, 10)).toBe(15);
    expect(elapsedMs(100, 350)).toBe(250);
  });

  it('a run that began after the supervisor looked at its clock was ended as late', () => {
    expect(elapsedMs(101, 100)).toBe(0);
  });

  it('reads a clock that fits', () => {
    const now = sharedNowMs();
    expect(now).toBeGreaterThanOrEqual(0);
    expect(now).toBeLessThan(2 ** 30);
  });
});
