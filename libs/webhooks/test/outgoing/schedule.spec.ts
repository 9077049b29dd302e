import { describe, expect, test } from '@jest/globals';
import {
  attemptsMax,
  failuresUntilOpen,
  isProbing,
  openMs,
  retryAfterMs,
  retryPauseMs,
  retryPausesMs,
} from '@tenon/webhooks';

describe('the schedule of retries', () => {
  test('is that of Standard Webhooks: ten attempts in about three days', () => {
    const seconds = retryPausesMs.map((pause) => pause / 1_000);
    expect(seconds).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    expect(attemptsMax).toBe(10);
    expect(retryPauseMs(attemptsMax, 0.5)).toBeUndefined();
  });

  test('moves each retry by up to a tenth, either way', () => {
    for (const [place, pause] of retryPausesMs.entries()) {
      expect(retryPauseMs(place + 1, 0)).toBe(pause * 0.9);
      expect(retryPauseMs(place + 1, 0.5)).toBe(pause);
      expect(retryPauseMs(place + 1, 1)).toBeCloseTo(pause * 1.1);
    }
  });
});

describe('Retry-After', () => {
  const nowMs = Date.parse('2026-11-21T10:00:00Z');

  test.each([
    ['120', 120_000],
    ['0', 0],
    ['Sat, 21 Nov 2026 10:05:00 GMT', 300_000],
    ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
    ['9999999999', 86_400_000],
    ['99999999999999999999', 86_400_000],
    ['9'.repeat(400), 86_400_000],
    ['soon', undefined],
    ['-5', undefined],
    [undefined, undefined],
  ])('%s', (value, waitMs) => {
    expect(retryAfterMs(value, nowMs)).toBe(waitMs);
  });
});

describe('the circuit of an endpoint', () => {
  test('opens at the tenth failure in a row, for longer with each probe that fails, a quarter of an hour at most', () => {
    expect(openMs(failuresUntilOpen - 1)).toBeUndefined();
    expect([10, 11, 12, 13, 14, 15, 16, 1_000].map(openMs)).toEqual(
      [30, 60, 120, 240, 480, 900, 900, 900].map((s) => s * 1_000),
    );
    expect([9, 10].map(isProbing)).toEqual([false, true]);
  });
});
