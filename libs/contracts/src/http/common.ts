import { z } from 'zod';

/** Text that people write for people: one line, no control characters, trimmed. */
export const labelSchema = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .regex(/^\P{Cc}*$/u, 'control characters are not allowed');
