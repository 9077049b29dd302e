import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { piecesOf } from '../src/pipeline/chart-sources.js';

const seed = 20_261_121;
const minuteMs = 60_000;
const lengthMs = { minute: minuteMs, hour: 60 * minuteMs, day: 24 * 60 * minuteMs } as const;
/** In minutes, around the end of what is closed. */
const minute = fc.integer({ min: 0, max: 6 * 24 * 60 });

const questions = fc
  .record({ a: minute, b: minute, hours: minute, daysLess: minute, longest: fc.constantFrom('minute', 'hour', 'day') })
  .map(({ a, b, hours, daysLess, longest }) => {
    const hoursUntil = Math.floor(hours / 60) * lengthMs.hour;
    const daysUntil = Math.floor(Math.max(0, hours - daysLess) / 1_440) * lengthMs.day;
    const [from, to] = [new Date(Math.min(a, b) * minuteMs), new Date(Math.max(a, b) * minuteMs)];
    const closed = { hoursUntil: new Date(hoursUntil), daysUntil: new Date(daysUntil) };
    return { asked: { from, to, longest: longest as 'minute' | 'hour' | 'day' }, closed };
  });

test('the time asked for is cut into whole units that are closed, without a gap and without an overlap', () => {
  fc.assert(
    fc.property(questions, ({ asked, closed }) => {
      const until = { minute: Number.POSITIVE_INFINITY, hour: +closed.hoursUntil, day: +closed.daysUntil };
      let end = asked.from.getTime();
      for (const { unit, low, high } of piecesOf(asked, closed)) {
        expect(low).toBe(end);
        expect(high).toBeGreaterThan(low);
        expect([low % lengthMs[unit], high % lengthMs[unit]]).toEqual([0, 0]);
        expect(high).toBeLessThanOrEqual(until[unit]);
        expect(lengthMs[unit]).toBeLessThanOrEqual(lengthMs[asked.longest]);
        end = high;
      }
      expect(end).toBe(asked.to.getTime());
    }),
    { numRuns: 2_000, seed },
  );
});

test('no day is read by the hour, and no hour by the minute, that could be read as one', () => {
  fc.assert(
    fc.property(questions, ({ asked, closed }) => {
      const pieces = piecesOf({ ...asked, longest: 'day' }, closed);
      const minutesOf = (unit: string, until: Date, length: number) =>
        pieces.filter(
          (piece) =>
            piece.unit === unit && Math.ceil(piece.low / length) * length + length <= Math.min(piece.high, +until),
        );
      expect(minutesOf('hour', closed.daysUntil, lengthMs.day)).toEqual([]);
      expect(minutesOf('minute', closed.hoursUntil, lengthMs.hour)).toEqual([]);
    }),
    { numRuns: 2_000, seed },
  );
});
