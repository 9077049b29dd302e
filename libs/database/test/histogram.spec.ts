import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HistogramSum, histogramClass } from '../src/pipeline/histogram.js';

const values = fc.array(fc.integer({ min: 0, max: 2 ** 44 }), { minLength: 1, maxLength: 200 });

function sumOf(numbers: readonly number[]): HistogramSum {
  const sum = new HistogramSum();
  for (const value of numbers) sum.add(value);
  return sum;
}

describe('a histogram', () => {
  test('gives every percentile back within 4.5 %, or within 1 where values are small', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (numbers, share) => {
        const sorted = numbers.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
        const given = sumOf(numbers).percentiles([share])[0] ?? Number.NaN;
        expect(Math.abs(given - exact)).toBeLessThanOrEqual(Math.max(1, 0.045 * exact + 0.5));
      }),
    );
  });

  test('of two parts, one behind the other, is the histogram of the whole', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const together = new HistogramSum();
        together.addAll(Buffer.concat([sumOf(one).encode(), sumOf(other).encode()]));
        expect(together.encode()).toEqual(sumOf([...one, ...other]).encode());
      }),
    );
  });

  test('that was cleared is as good as new', () => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        const sum = sumOf(before);
        sum.clear();
        for (const value of after) sum.add(value);
        expect(sum.encode()).toEqual(sumOf(after).encode());
        expect(sum.percentiles([0.5])).toEqual(sumOf(after).percentiles([0.5]));
      }),
    );
  });

  test('has classes that never fall as values rise, and its own entry for the largest', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
        expect(histogramClass(Math.max(a, b))).toBeGreaterThanOrEqual(histogramClass(Math.min(a, b)));
      }),
    );
    expect([0, 1, 2, 4, 1024, Number.MAX_VALUE].map(histogramClass)).toEqual([0, 0, 8, 16, 80, 360]);
  });

  test('of nothing has no percentile', () => {
    expect(new HistogramSum().percentiles([0.5])).toEqual([]);
    expect(new HistogramSum().encode()).toHaveLength(0);
  });
});
