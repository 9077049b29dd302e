import { z } from 'zod';
import { nameSchema } from '../ids.js';
import { executionLimitsBodySchema, executionLimitsSchema } from '../limits.js';
import { quotaLimitsBodySchema, quotaLimitsSchema } from '../quotas.js';
import { timeSchema } from '../time.js';

/** `dedicated`: sandbox processes that serve one tenant alone. */
export const isolationSchema = z.enum(['shared', 'dedicated']);
export type Isolation = z.infer<typeof isolationSchema>;

/** What a plan grants. An execution gets the smaller of the plan's and the extension point's limit. */
export const putPlanBodySchema = z
  .strictObject({
    /** Functions that a tenant may have. */
    functionsMax: z.int().min(0).max(100_000).default(100),
    executionLimits: executionLimitsBodySchema.prefault({}),
    quotas: quotaLimitsBodySchema.prefault({}),
    isolation: isolationSchema.default('shared'),
  })
  .meta({ id: 'PutPlan', example: { functionsMax: 100 } });
export type PutPlanBody = z.output<typeof putPlanBodySchema>;

/** A plan as it is now. */
export const planSchema = z
  .object({
    name: nameSchema,
    functionsMax: z.int(),
    executionLimits: executionLimitsSchema,
    quotas: quotaLimitsSchema,
    isolation: isolationSchema,
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Plan' });
export type PlanAnswer = z.output<typeof planSchema>;
