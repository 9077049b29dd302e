import { z } from 'zod';
import { idSchema } from '../ids.js';
import { quotaStateSchema } from '../quotas.js';
import { timeInputSchema, timeSchema } from '../time.js';

/** A span of time; it is widened to whole hours (UTC). */
export const usageQuerySchema = z.strictObject({
  /** Without it: thirty days before `to`. */
  from: timeInputSchema.optional(),
  /** Without it: now. */
  to: timeInputSchema.optional(),
});
export type UsageQuery = z.output<typeof usageQuerySchema>;

const usageFiguresSchema = z.object({
  executions: z.int(),
  succeeded: z.int(),
  /** Failures by who has to act. */
  failed: z.object({ guest: z.int(), caller: z.int(), ours: z.int() }),
  instructions: z.int(),
  fuel: z.int(),
  cpuUs: z.int(),
});

/** What was used in the span that the answer names: in all, and by function. */
export const usageSchema = z
  .object({
    from: timeSchema,
    to: timeSchema,
    /** Where the tenant stands now with the quotas of its plan, whatever span was asked for. */
    quotas: z.array(quotaStateSchema),
    total: usageFiguresSchema,
    functions: z.array(
      z.object({ functionId: idSchema('function'), function: z.string(), ...usageFiguresSchema.shape }),
    ),
  })
  .meta({ id: 'Usage' });
export type UsageAnswer = z.output<typeof usageSchema>;
