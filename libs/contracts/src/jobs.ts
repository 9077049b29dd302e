import { z } from 'zod';
import { idSchema } from './ids.js';

/** Payloads of BullMQ jobs carry ids only; what they name is read from Postgres, the truth. */
export const buildJobSchema = z.object({ tenantId: idSchema('tenant'), versionId: idSchema('version') });
export type BuildJob = z.infer<typeof buildJobSchema>;

/** Several events of one tenant in one job: a job costs more than an event does. */
export const executionJobSchema = z.object({
  tenantId: idSchema('tenant'),
  eventIds: z.array(idSchema('event')).min(1).max(200),
});
export type ExecutionJob = z.infer<typeof executionJobSchema>;
