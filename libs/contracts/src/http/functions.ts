import { z } from 'zod';
import { idSchema, nameSchema } from '../ids.js';
import { timeSchema } from '../time.js';
import { pageOf, pageQueryOf } from './page.js';

/** A function stays bound to its extension point. */
export const createFunctionBodySchema = z
  .strictObject({ name: nameSchema, extensionPoint: nameSchema })
  .meta({ id: 'CreateFunction', example: { name: 'volume-discount', extensionPoint: 'cart.discounts' } });
export type CreateFunctionBody = z.output<typeof createFunctionBodySchema>;

/** A function, and what of it is live. */
export const functionSchema = z
  .object({
    id: idSchema('function'),
    name: z.string(),
    extensionPoint: z.string(),
    /** The version that runs, once one was activated. */
    liveVersion: idSchema('version').nullable(),
    /** Its place among the tenant's functions on the point: the order in which they run. */
    position: z.int(),
    /** Since when it does not run although a version is live. */
    pausedAt: timeSchema.nullable(),
    createdAt: timeSchema,
  })
  .meta({ id: 'Function' });
export type FunctionAnswer = z.output<typeof functionSchema>;

/** Newest first. */
export const functionPageSchema = pageOf(functionSchema, 'FunctionPage');
/** Which part of the list. */
export const functionsQuerySchema = pageQueryOf(idSchema('function'));
