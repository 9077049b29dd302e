import { z } from 'zod';
import { idSchema } from '../ids.js';
import { jsonValueSchema } from '../json.js';
import { executionSchema } from './executions.js';

/** What is to be different from the execution; nothing, where both are left out. */
export const replayBodySchema = z
  .strictObject({
    /** Another version of the same function. */
    version: idSchema('version').optional(),
    input: jsonValueSchema.optional(),
  })
  .meta({ id: 'Replay', example: {} });
export type ReplayBody = z.output<typeof replayBodySchema>;

/** One step of a JSON Patch (RFC 6902). */
export const patchStepSchema = z
  .object({ op: z.enum(['add', 'remove', 'replace']), path: z.string(), value: jsonValueSchema.optional() })
  .meta({ id: 'PatchStep' });
export type PatchStep = z.output<typeof patchStepSchema>;

const figureSchema = z
  .object({ original: z.number(), replay: z.number(), difference: z.number() })
  .meta({ id: 'ReplayFigure' });

/** An execution and its replay side by side. */
export const replayAnswerSchema = z
  .object({
    /** Whether the replay gave the same outcome, output and instruction count; null where it was not meant to. */
    reproduced: z.boolean().nullable(),
    same: z.object({ outcome: z.boolean(), output: z.boolean(), instructionsUsed: z.boolean() }),
    original: executionSchema,
    replay: executionSchema,
    difference: z.object({
      /** Turns the output of the original into that of the replay; null where one of them is not there to compare. */
      output: z.array(patchStepSchema).nullable(),
      /** True where there were more steps than are shown. */
      outputCut: z.boolean(),
      instructionsUsed: figureSchema,
      fuelUsed: figureSchema,
      memoryBytesPeak: figureSchema,
      cpuUs: figureSchema,
      wallUs: figureSchema,
    }),
  })
  .meta({ id: 'ReplayAnswer' });
export type ReplayAnswer = z.output<typeof replayAnswerSchema>;
