import { z } from 'zod';
import { idSchema, nameSchema } from '../ids.js';
import { jsonObjectSchema } from '../json.js';
import { executionLimitsBodySchema, executionLimitsSchema } from '../limits.js';
import {
  combinationSchema,
  recordingPolicyBodySchema,
  recordingPolicySchema,
  retryPolicyBodySchema,
  retryPolicySchema,
} from '../point-policies.js';
import { timeSchema } from '../time.js';
import { labelSchema } from './common.js';
import { pageOf, pageQueryOf } from './page.js';

/** JSON Schemas are size-capped before a validator compiles them. 1 kB is 1,000 bytes. */
export const jsonSchemaBytesMax = 64_000;

/** CloudEvents types that a point may be fed by: ASCII, so that they can stand in a header. */
export const eventTypeSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,254}[A-Za-z0-9])?$/,
    'expected 1 to 256 of letters, digits, ".", "_", "/" and "-"',
  );

/** All terms of a point at once: what is left out goes back to its default. */
export const putExtensionPointBodySchema = z
  .strictObject({
    /** JSON Schema, draft 2020-12, of what a function gets. */
    inputSchema: jsonObjectSchema,
    /** JSON Schema, draft 2020-12, of what a function must return. */
    outputSchema: jsonObjectSchema,
    /** CloudEvents types whose data is the input of this point. */
    eventTypes: z.array(eventTypeSchema).max(50).default([]),
    /** Ceilings per execution; what is left out takes Tenon's default. */
    limits: executionLimitsBodySchema.prefault({}),
    mode: z.enum(['async', 'sync']).default('async'),
    /** What a caller gets when a function fails: an answer without it (`open`) or a problem (`closed`). */
    failurePolicy: z.enum(['open', 'closed']).default('open'),
    /** What becomes of the outputs where a tenant has several functions on the point. */
    combination: combinationSchema.default('all'),
    retry: retryPolicyBodySchema.prefault({}),
    recording: recordingPolicyBodySchema.prefault({}),
    /** Lets a change through that functions which are live may not stand. The reason is kept with the version. */
    force: z.strictObject({ reason: labelSchema }).optional(),
  })
  .meta({
    id: 'PutExtensionPoint',
    example: {
      inputSchema: { type: 'object', required: ['lines'], properties: { lines: { type: 'array' } } },
      outputSchema: { type: 'object' },
      eventTypes: ['cart.updated'],
    },
  });
export type PutExtensionPointBody = z.output<typeof putExtensionPointBodySchema>;

/** A point as it is now. */
export const extensionPointSchema = z
  .object({
    id: idSchema('extensionPoint'),
    name: nameSchema,
    /** Counts up with each change. */
    version: z.int(),
    inputSchema: jsonObjectSchema,
    outputSchema: jsonObjectSchema,
    eventTypes: z.array(z.string()),
    limits: executionLimitsSchema,
    mode: z.enum(['async', 'sync']),
    failurePolicy: z.enum(['open', 'closed']),
    combination: combinationSchema,
    retry: retryPolicySchema,
    recording: recordingPolicySchema,
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'ExtensionPoint' });
export type ExtensionPointAnswer = z.output<typeof extensionPointSchema>;

/** By name. */
export const extensionPointPageSchema = pageOf(extensionPointSchema, 'ExtensionPointPage');
/** By name, because people look for points by their names. */
export const extensionPointsQuerySchema = pageQueryOf(nameSchema);

/** A state of a point that holds or once held. */
export const extensionPointVersionSchema = z
  .object({
    ...extensionPointSchema.omit({ id: true, updatedAt: true }).shape,
    /** Who put it there; shown to operators only. */
    by: z.string().optional(),
    /** Why it was let through although functions were live; shown to operators only. */
    forcedReason: z.string().optional(),
  })
  .meta({ id: 'ExtensionPointVersion' });
export type ExtensionPointVersionAnswer = z.output<typeof extensionPointVersionSchema>;

/** Newest first. */
export const extensionPointVersionPageSchema = pageOf(extensionPointVersionSchema, 'ExtensionPointVersionPage');
/** By version. */
export const extensionPointVersionsQuerySchema = pageQueryOf(
  z.string().regex(/^[1-9][0-9]{0,8}$/, 'expected the number of a version'),
);
