import { z } from 'zod';

/** The process answers; says nothing about what it depends on. */
export const healthSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

/** One answer per thing that the api needs before it can do its work. */
export const readinessSchema = z
  .object({
    status: z.enum(['ready', 'unavailable']),
    checks: z.record(z.string(), z.enum(['ok', 'failed'])),
  })
  .meta({ id: 'Readiness', example: { status: 'ready', checks: { postgres: 'ok', redis: 'ok' } } });

export type Readiness = z.infer<typeof readinessSchema>;
