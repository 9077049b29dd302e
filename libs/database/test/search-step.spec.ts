import { expect, test } from '@jest/globals';
import { SearchStep } from '../src/pipeline/search-step.js';

/** The sizes that steps had which took so long, one after the other. */
async function sizesOf(tookMs: readonly number[], first = 16, max = 100): Promise<readonly number[]> {
  let nowMs = 0;
  const step = new SearchStep(first, max, () => nowMs);
  const sizes: number[] = [];
  for (const took of tookMs) {
    await step.timed(async (size) => {
      sizes.push(size);
      nowMs += took;
    });
  }
  return [...sizes, step.size];
}

test('a step that is done quickly is followed by one twice as large, up to its bound', async () => {
  expect(await sizesOf([1, 1, 1, 1])).toEqual([16, 32, 64, 100, 100]);
});

test('a step that takes long is followed by a smaller one, and there is always a next one', async () => {
  expect(await sizesOf([30, 30, 30, 5_000])).toEqual([16, 4, 1, 1, 1]);
});

test('a step that takes its time stays as it is', async () => {
  expect(await sizesOf([10, 19, 8])).toEqual([16, 16, 16, 16]);
});
