import { z } from 'zod';
import { idSchema } from '../ids.js';
import { jsonObjectSchema } from '../json.js';
import { oneLinePattern } from '../text.js';
import { timeInputSchema, timeSchema } from '../time.js';
import { pageOf, pageQueryOf } from './page.js';

/** One link of a hash chain: who did what, or who was refused what. */
export const auditEntrySchema = z
  .object({
    id: idSchema('audit'),
    /** Counts up by one in each chain. */
    seq: z.int(),
    /** By the clock of the database; never before the time of the entry before. */
    at: timeSchema,
    /** A key's id, a person's id, `webhook:` and a source's id, or `system`. */
    actor: z.string(),
    action: z.string(),
    target: z.string(),
    requestId: z.string().nullable(),
    /** What was done: `from` (address and user agent), `before` and `after` without secrets, and what else there is. */
    details: jsonObjectSchema,
    /** Hash of the entry before; all zeroes for the first. */
    prevHash: z.string(),
    hash: z.string(),
    /** On the last entry of an append: proof that a process of this installation made it. */
    seal: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntryAnswer = z.output<typeof auditEntrySchema>;

/** Newest first; the cursor is a sequence number. */
export const auditPageSchema = pageOf(auditEntrySchema, 'AuditPage');

/** Ids and names that an entry may carry, compared whole. */
const wholeTextSchema = z.string().min(1).max(256).regex(oneLinePattern, 'control characters are not allowed');

/** Every filter narrows; texts are compared whole: `function.activated`. */
export const auditQuerySchema = pageQueryOf(
  z.string().regex(/^[1-9][0-9]{0,14}$/, 'expected a sequence number'),
).extend({
  action: z
    .string()
    .regex(/^[a-z_]+(?:\.[a-z_]+)*$/)
    .max(64)
    .optional(),
  actor: wholeTextSchema.optional(),
  target: wholeTextSchema.optional(),
  requestId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .optional(),
  /** Not before this time. */
  from: timeInputSchema.optional(),
  /** Before this time. */
  to: timeInputSchema.optional(),
});
export type AuditQuery = z.output<typeof auditQuerySchema>;

/** Where a chain ends, or an entry in it: keep one elsewhere, and no rewritten chain will pass for the old one. */
const chainHeadSchema = z.object({ seq: z.int(), hash: z.string() }).meta({ id: 'AuditChainHead' });

/** `<seq>:<hash>`, as in `verifiedTo` of an earlier verification. */
const afterSchema = z
  .string()
  .regex(/^[0-9]{1,15}:[0-9a-f]{64}$/, 'expected a sequence number, a colon and a SHA-256 in hexadecimal')
  .meta({ example: `42:${'0a'.repeat(32)}` })
  .optional();

/** From where on: without `after`, the whole chain. */
export const auditAfterQuerySchema = z.strictObject({ after: afterSchema });
export type AuditAfterQuery = z.output<typeof auditAfterQuerySchema>;

/** What walking a chain found. */
export const auditVerificationSchema = z
  .object({
    intact: z.boolean(),
    /** Entries that were checked and found whole. */
    entries: z.int(),
    /** False where there is more to check than one call does: ask again with `after` = `verifiedTo`. */
    complete: z.boolean(),
    verifiedTo: chainHeadSchema,
    /** Where the chain ended when the work began. */
    head: chainHeadSchema,
    /** The first entry that is not what was written; absent where there is none. */
    firstBreak: z
      .object({
        seq: z.int(),
        reason: z.enum(['missing_or_reordered', 'altered', 'forged', 'tail_missing', 'unreadable']),
        message: z.string(),
      })
      .optional(),
  })
  .meta({ id: 'AuditVerification' });
export type AuditVerificationAnswer = z.output<typeof auditVerificationSchema>;
