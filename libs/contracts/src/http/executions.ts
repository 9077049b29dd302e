import { z } from 'zod';
import { idSchema, nameSchema } from '../ids.js';
import { jsonValueSchema } from '../json.js';
import { executionLimitsSchema } from '../limits.js';
import { outcomeSchema } from '../outcomes.js';
import { timeInputSchema, timeSchema } from '../time.js';
import { pageOf, pageQueryOf } from './page.js';

/** What asked for a run. */
export const executionKindSchema = z.enum(['event', 'test', 'sync', 'replay']);
export type ExecutionKind = z.infer<typeof executionKindSchema>;

/** What a list shows: everything small about a run. */
export const executionSummarySchema = z
  .object({
    id: idSchema('execution'),
    kind: executionKindSchema,
    function: z.string(),
    functionId: idSchema('function'),
    version: idSchema('version'),
    extensionPoint: z.string(),
    event: idSchema('event').nullable(),
    attempt: z.int(),
    outcome: outcomeSchema,
    message: z.string(),
    /** WebAssembly operators executed. */
    instructionsUsed: z.int(),
    /** What was charged against the instruction limit: instructions and the cost of bulk operations. */
    fuelUsed: z.int(),
    memoryBytesPeak: z.int(),
    cpuUs: z.int(),
    wallUs: z.int(),
    startedAt: timeSchema,
    recordedAt: timeSchema,
  })
  .meta({ id: 'ExecutionSummary' });
export type ExecutionSummaryAnswer = z.output<typeof executionSummarySchema>;

/** Everything that was recorded about a run; the outcome decides which of the optional members are there. */
export const executionSchema = z
  .object({
    ...executionSummarySchema.shape,
    /** Left out where it was not kept. */
    input: jsonValueSchema.optional(),
    /** Only with the outcome `succeeded`. */
    output: jsonValueSchema.optional(),
    log: z.string(),
    /** Bytes that were cut off the end of the log. */
    logBytesDropped: z.int(),
    limit: z.object({ name: executionLimitsSchema.keyof(), max: z.int(), actual: z.int().optional() }).optional(),
    exitCode: z.int().optional(),
    guestError: z.string().optional(),
    backtrace: z.array(z.object({ functionIndex: z.int(), functionName: z.string().optional() })).optional(),
    /** The guest's clock stood still at this time. */
    clockMs: z.int(),
    /** What the guest's random source was seeded with. */
    seed: z.string(),
  })
  .meta({ id: 'Execution' });
export type ExecutionAnswer = z.output<typeof executionSchema>;

/** Newest first, by the time of the event. */
export const executionPageSchema = pageOf(executionSummarySchema, 'ExecutionPage');

/** Filters narrow the list together; an unknown one is refused rather than ignored. */
export const executionsQuerySchema = pageQueryOf(idSchema('execution')).extend({
  function: nameSchema.optional(),
  version: idSchema('version').optional(),
  event: idSchema('event').optional(),
  outcome: outcomeSchema.optional(),
  kind: executionKindSchema.optional(),
  /** Recorded at this time or later. */
  from: timeInputSchema.optional(),
  /** Recorded before this time. */
  to: timeInputSchema.optional(),
});
export type ExecutionsQuery = z.output<typeof executionsQuerySchema>;
