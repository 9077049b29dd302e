import { z } from 'zod';
import { idSchema } from '../ids.js';
import { scopeSchema } from '../scopes.js';
import { timeInputSchema, timeSchema } from '../time.js';
import { labelSchema } from './common.js';
import { pageOf, pageQueryOf } from './page.js';

/** A new key of a tenant. */
export const createKeyBodySchema = z
  .strictObject({
    name: labelSchema,
    /** What the key may do; nobody grants a scope that they do not hold. */
    scopes: z.array(scopeSchema).min(1).max(32),
    /** The key stops working at this time; without it the key works until it is revoked. */
    expiresAt: timeInputSchema.optional(),
  })
  .meta({ id: 'CreateKey', example: { name: 'checkout', scopes: ['events:write', 'executions:read'] } });
export type CreateKeyBody = z.output<typeof createKeyBodySchema>;

/** A key as anybody but its owner sees it. */
export const apiKeySchema = z
  .object({
    id: idSchema('key'),
    tenantId: idSchema('tenant').nullable(),
    name: z.string(),
    /** The first characters of the key, enough to tell keys apart and too few to use one. */
    prefix: z.string(),
    scopes: z.array(scopeSchema),
    createdAt: timeSchema,
    expiresAt: timeSchema.nullable(),
    revokedAt: timeSchema.nullable(),
    lastUsedAt: timeSchema.nullable(),
    /** The key or person that made it; null where that was not written down. */
    createdBy: z.string().nullable(),
    /** The key that took its place when it was rotated. */
    rotatedTo: idSchema('key').nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyAnswer = z.output<typeof apiKeySchema>;

/** The only answer that carries the key itself: Tenon keeps a hash and can never show it again. */
export const createdKeySchema = z.object({ ...apiKeySchema.shape, key: z.string() }).meta({ id: 'CreatedKey' });
export type CreatedKeyAnswer = z.output<typeof createdKeySchema>;

/** A month: longer overlaps would be two keys and no rotation. */
const overlapSecondsMax = 30 * 86_400;

/** Makes a new key with the same name, scopes and expiry, and lets the old one end. */
export const rotateKeyBodySchema = z
  .strictObject({
    /** How long the old key goes on working, in seconds; 0 ends it at once. Default: a day. */
    overlapSeconds: z.int().min(0).max(overlapSecondsMax).default(86_400),
  })
  .meta({ id: 'RotateKey', example: { overlapSeconds: 3_600 } });
export type RotateKeyBody = z.output<typeof rotateKeyBodySchema>;

/** Newest first, revoked and expired ones included. */
export const apiKeyPageSchema = pageOf(apiKeySchema, 'ApiKeyPage');
/** Which part of the list. */
export const keysQuerySchema = pageQueryOf(idSchema('key'));
