import { z } from 'zod';
import { idSchema, nameSchema, sha256Schema } from '../ids.js';
import { jsonObjectSchema } from '../json.js';
import { settingsSchema } from '../settings.js';
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
    /**
     * Where the live version failed over and over: it is not run, and its events are dead letters with the outcome
     * `circuit_open`. Null where it runs.
     */
    circuit: z
      .object({
        /** Which outcomes, and how many in a row. */
        reason: z.string(),
        openedAt: timeSchema,
        /** From then on one run at a time tries whether it works again; a success closes the circuit. */
        triedAgainAt: timeSchema,
      })
      .nullable(),
    createdAt: timeSchema,
  })
  .meta({ id: 'Function' });
export type FunctionAnswer = z.output<typeof functionSchema>;

/** Newest first. */
export const functionPageSchema = pageOf(functionSchema, 'FunctionPage');
/** Which part of the list. */
export const functionsQuerySchema = pageQueryOf(idSchema('function'));

/** As many functions of a tenant on one point can be put in order. */
export const functionsOnPointMax = 200;

/** The tenant's functions on a point by name, in the order in which they are to run: all of them, each once. */
export const putFunctionOrderBodySchema = z
  .strictObject({ functions: z.array(nameSchema).max(functionsOnPointMax) })
  .meta({ id: 'PutFunctionOrder', example: { functions: ['member-prices', 'volume-discount'] } });
export type PutFunctionOrderBody = z.output<typeof putFunctionOrderBodySchema>;

/** The tenant's functions on a point in the order in which they run. */
export const functionOrderSchema = z
  .object({ extensionPoint: nameSchema, functions: z.array(functionSchema) })
  .meta({ id: 'FunctionOrder' });
export type FunctionOrderAnswer = z.output<typeof functionOrderSchema>;

/** The whole settings of a function; nothing is kept of those before. */
export const putSettingsBodySchema = z
  .strictObject({ value: settingsSchema })
  .meta({ id: 'PutSettings', example: { value: { percent: 10 } } });
export type PutSettingsBody = z.output<typeof putSettingsBodySchema>;

/** The settings that a function has. */
export const functionSettingsSchema = z
  .object({
    function: z.string(),
    /** Which state of the settings this is: executions name it. Null where the function has none. */
    id: idSchema('settings').nullable(),
    value: settingsSchema.nullable(),
    /** Of the text that the guest reads. */
    sha256: sha256Schema.nullable(),
    by: z.string().nullable(),
    createdAt: timeSchema.nullable(),
    /** What settings have to fit: the schema of the live version; null where it has none or none is live. */
    schema: jsonObjectSchema.nullable(),
  })
  .meta({ id: 'FunctionSettings' });
export type FunctionSettingsAnswer = z.output<typeof functionSettingsSchema>;
