import { z } from 'zod';

const earliestMs = Date.parse('0001-01-01T00:00:00Z');
const latestMs = Date.parse('9999-12-31T00:00:00Z');

/** A point in time in answers: RFC 3339, UTC, milliseconds. */
export const timeSchema = z.iso.datetime().meta({ example: '2026-11-21T10:15:00.000Z' });

/** A point in time in requests: RFC 3339 with any offset, in the years 1 to 9999 that Postgres writes like we do. */
export const timeInputSchema = z.iso.datetime({ offset: true }).refine((text) => {
  const timeMs = Date.parse(text);
  return timeMs >= earliestMs && timeMs <= latestMs;
}, 'expected a time in the years 1 to 9999');
