import { z } from 'zod';
import { idSchema } from '../ids.js';
import { timeInputSchema, timeSchema } from '../time.js';
import { labelSchema } from './common.js';
import { emailSchema } from './members.js';
import { pageOf, pageQueryOf } from './page.js';

/** A new operator key. It may do everything, for every tenant. */
export const createOperatorKeyBodySchema = z
  .strictObject({
    name: labelSchema,
    /** The key stops working at this time; without it the key works until it is revoked. */
    expiresAt: timeInputSchema.optional(),
  })
  .meta({ id: 'CreateOperatorKey', example: { name: 'billing' } });
export type CreateOperatorKeyBody = z.output<typeof createOperatorKeyBodySchema>;

/** A person who should become an operator. */
export const inviteOperatorBodySchema = z
  .strictObject({ email: emailSchema, expiresAt: timeInputSchema.optional() })
  .meta({ id: 'InviteOperator', example: { email: 'grace@example.com' } });
export type InviteOperatorBody = z.output<typeof inviteOperatorBodySchema>;

/** A person who operates this installation. */
export const operatorSchema = z
  .object({ userId: idSchema('user'), email: z.string(), name: z.string(), createdAt: timeSchema })
  .meta({ id: 'Operator' });
export type OperatorAnswer = z.output<typeof operatorSchema>;

/** Newest person first. */
export const operatorPageSchema = pageOf(operatorSchema, 'OperatorPage');
/** Which part of the list. */
export const operatorsQuerySchema = pageQueryOf(idSchema('user'));
