import { z } from 'zod';
import { idSchema } from '../ids.js';
import { roleSchema, scopeSchema } from '../scopes.js';
import { timeSchema } from '../time.js';
import { labelSchema } from './common.js';
import { emailSchema } from './members.js';
import { pageOf, pageQueryOf } from './page.js';

/** Characters of a password. The lower bound follows NIST SP 800-63B; the upper one bounds what is hashed. */
export const passwordCharacters = { min: 12, max: 200 } as const;

/** A password that somebody chooses. */
export const newPasswordSchema = z.string().min(passwordCharacters.min).max(passwordCharacters.max);
/** A password that somebody types: whatever it is, it is compared and not judged. */
const typedPasswordSchema = z.string().min(1).max(passwordCharacters.max);

/** Opens a session. */
export const signInBodySchema = z
  .strictObject({ email: emailSchema, password: typedPasswordSchema })
  .meta({ id: 'SignIn', example: { email: 'ada@example.com', password: 'a long pass phrase' } });
export type SignInBody = z.output<typeof signInBodySchema>;

/** Accepts an invitation. Who has an account shows its password; who has none chooses one. */
export const acceptInvitationBodySchema = z
  .strictObject({
    token: z.string().min(1).max(200),
    password: newPasswordSchema,
    /** For a new account; without it the address stands in. */
    name: labelSchema.optional(),
  })
  .meta({
    id: 'AcceptInvitation',
    example: { token: 'tni_…', name: 'Ada Lovelace', password: 'a long pass phrase' },
  });
export type AcceptInvitationBody = z.output<typeof acceptInvitationBodySchema>;

/** Another password. Every other session of the person ends. */
export const changePasswordBodySchema = z
  .strictObject({ currentPassword: typedPasswordSchema, newPassword: newPasswordSchema })
  .meta({ id: 'ChangePassword' });
export type ChangePasswordBody = z.output<typeof changePasswordBodySchema>;

/** Who is signed in, and where they may do what. */
export const sessionSchema = z
  .object({
    id: idSchema('session'),
    user: z.object({ id: idSchema('user'), email: z.string(), name: z.string(), operator: z.boolean() }),
    /** Goes into the header `X-CSRF-Token` of every request that changes something. */
    csrfToken: z.string(),
    tenants: z.array(
      z.object({
        id: idSchema('tenant'),
        name: z.string(),
        status: z.enum(['active', 'suspended', 'deleting']),
        role: roleSchema,
        scopes: z.array(scopeSchema),
      }),
    ),
    createdAt: timeSchema,
    /** The session ends then, used or not. */
    expiresAt: timeSchema,
    /** It ends sooner when it is not used for this long, in seconds. */
    idleSecondsMax: z.int(),
  })
  .meta({ id: 'Session' });
export type SessionAnswer = z.output<typeof sessionSchema>;

/** One of a person's sessions. */
export const sessionSummarySchema = z
  .object({
    id: idSchema('session'),
    /** Whether it is the one that asks. */
    current: z.boolean(),
    method: z.enum(['password', 'oidc', 'invitation']),
    address: z.string(),
    userAgent: z.string(),
    createdAt: timeSchema,
    /** To the minute. */
    lastSeenAt: timeSchema,
    expiresAt: timeSchema,
  })
  .meta({ id: 'SessionSummary' });
export type SessionSummaryAnswer = z.output<typeof sessionSummarySchema>;

/** Newest first; those that are over are not shown. */
export const sessionPageSchema = pageOf(sessionSummarySchema, 'SessionPage');
/** Which part of the list. */
export const sessionsQuerySchema = pageQueryOf(idSchema('session'));
