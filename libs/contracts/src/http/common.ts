import { z } from 'zod';
import { oneLinePattern } from '../text.js';

/** Text that people write for people: one line, no control characters, trimmed. */
export const labelSchema = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .regex(oneLinePattern, 'control characters are not allowed');
