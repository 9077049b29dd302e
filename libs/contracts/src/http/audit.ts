import { z } from 'zod';
import { idSchema } from '../ids.js';
import { jsonObjectSchema } from '../json.js';
import { timeSchema } from '../time.js';
import { pageOf, pageQueryOf } from './page.js';

/** One link of the tenant's hash chain: who did what, or who was refused what. */
export const auditEntrySchema = z
  .object({
    id: idSchema('audit'),
    /** Counts up by one in each tenant's chain. */
    seq: z.int(),
    at: timeSchema,
    /** A key's id, `webhook:` and a source's id, or `system`. */
    actor: z.string(),
    action: z.string(),
    target: z.string(),
    requestId: z.string().nullable(),
    details: jsonObjectSchema,
    /** Hash of the entry before; all zeroes for the first. */
    prevHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntryAnswer = z.output<typeof auditEntrySchema>;

/** Newest first; the cursor is a sequence number. */
export const auditPageSchema = pageOf(auditEntrySchema, 'AuditPage');

/** `action` is compared whole: `function.activated`. */
export const auditQuerySchema = pageQueryOf(
  z.string().regex(/^[1-9][0-9]{0,14}$/, 'expected a sequence number'),
).extend({
  action: z
    .string()
    .regex(/^[a-z_]+(?:\.[a-z_]+)*$/)
    .max(64)
    .optional(),
});
export type AuditQuery = z.output<typeof auditQuerySchema>;
