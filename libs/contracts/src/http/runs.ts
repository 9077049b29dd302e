import { z } from 'zod';
import { idSchema } from '../ids.js';
import { jsonValueSchema } from '../json.js';
import { outcomeSchema } from '../outcomes.js';

/** The header by which a caller tightens the deadline of a run. Milliseconds. */
export const deadlineHeader = 'tenon-deadline-ms';

/** Headers of a run. */
export const runHeadersSchema = z.object({
  [deadlineHeader]: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, 'expected whole milliseconds from 1 to 99999')
    .transform(Number)
    .optional(),
});

/** The input of a point, as its schema wants it. */
export const runBodySchema = z
  .strictObject({ input: jsonValueSchema })
  .meta({ id: 'Run', example: { input: { currency: 'EUR', lines: [] } } });
export type RunBody = z.output<typeof runBodySchema>;

/** What one function did in a run. */
export const runStepSchema = z
  .object({
    function: z.string(),
    functionId: idSchema('function'),
    version: idSchema('version'),
    /** Its place among the functions of the point, from 1. */
    position: z.int(),
    /** `skipped` where the result stood without it. */
    outcome: z.union([outcomeSchema, z.literal('skipped')]),
    /** Its record; absent where it was skipped. */
    execution: idSchema('execution').optional(),
    /** What happened, where it did not succeed. */
    message: z.string().optional(),
    instructionsUsed: z.int().optional(),
    wallUs: z.int().optional(),
    /** JSON Pointers to what it changed, where one can say so. */
    changed: z.array(z.string()).optional(),
  })
  .meta({ id: 'RunStep' });

/** What the functions of a point made of an input together. */
export const runAnswerSchema = z
  .object({
    /** `succeeded`, or why there is no output, or only what stands without the functions that failed. */
    outcome: outcomeSchema,
    /** False where a function failed and the answer does without it. */
    complete: z.boolean(),
    output: jsonValueSchema.optional(),
    /** In their order. */
    functions: z.array(runStepSchema),
  })
  .meta({ id: 'RunAnswer' });
export type RunAnswer = z.output<typeof runAnswerSchema>;
