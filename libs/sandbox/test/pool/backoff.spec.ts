import { expect, it } from '@jest/globals';
import { backoffMs } from '../../src/pool/backoff.js';

it('waits twice as long after every failure in a row, half a minute at most', () => {
  expect([1, 2, 3, 4].map(backoffMs)).toEqual([100, 200, 400, 800]);
  expect([10, 100, 10_000].map(backoffMs)).toEqual([30_000, 30_000, 30_000]);
});
