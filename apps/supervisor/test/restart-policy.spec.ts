import { describe, expect, it } from '@jest/globals';
import { RestartPolicy } from '../src/restart-policy.js';

describe('RestartPolicy', () => {
  it('waits twice as long after each crash, and gives up in the end', () => {
    const policy = new RestartPolicy();
    const delays = Array.from({ length: 9 }, () => policy.afterCrash(1_000));
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, undefined]);
  });

  it('starts counting anew once the process was up for a minute', () => {
    const policy = new RestartPolicy();
    for (let crash = 0; crash < 5; crash += 1) policy.afterCrash(10);
    expect(policy.afterCrash(60_000)).toBe(500);
  });
});
