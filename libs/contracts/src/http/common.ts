import { z } from 'zod';

/** A point in time in answers: RFC 3339, UTC, milliseconds. */
export const timeSchema = z.iso.datetime().meta({ example: '2026-11-21T10:15:00.000Z' });

/** A point in time in requests: RFC 3339 with any offset. */
export const timeInputSchema = z.iso.datetime({ offset: true });

/** Text that people write for people: one line, no control characters, trimmed. */
export const labelSchema = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .regex(/^\P{Cc}*$/u, 'control characters are not allowed');
