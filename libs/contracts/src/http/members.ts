import { z } from 'zod';
import { idSchema } from '../ids.js';
import { roleSchema } from '../scopes.js';
import { timeInputSchema, timeSchema } from '../time.js';
import { pageOf, pageQueryOf } from './page.js';

/** An e-mail address, taken in lower case: it names an account, and nobody has two that differ by case only. */
export const emailSchema = z
  .email()
  .max(254)
  .transform((text) => text.toLowerCase())
  .pipe(z.string());

/** A person in a tenant. */
export const memberSchema = z
  .object({
    userId: idSchema('user'),
    email: z.string(),
    name: z.string(),
    role: roleSchema,
    since: timeSchema,
  })
  .meta({ id: 'Member' });
export type MemberAnswer = z.output<typeof memberSchema>;

/** Newest person first. */
export const memberPageSchema = pageOf(memberSchema, 'MemberPage');
/** Which part of the list. */
export const membersQuerySchema = pageQueryOf(idSchema('user'));

/** Another role for a member. */
export const putMemberBodySchema = z
  .strictObject({ role: roleSchema })
  .meta({ id: 'PutMember', example: { role: 'developer' } });
export type PutMemberBody = z.output<typeof putMemberBodySchema>;

/** A person who should join a tenant. */
export const inviteBodySchema = z
  .strictObject({
    email: emailSchema,
    role: roleSchema,
    /** Without it the invitation ends after seven days; thirty days at most. */
    expiresAt: timeInputSchema.optional(),
  })
  .meta({ id: 'Invite', example: { email: 'ada@example.com', role: 'developer' } });
export type InviteBody = z.output<typeof inviteBodySchema>;

/** An invitation as anybody but the invited person sees it. */
export const invitationSchema = z
  .object({
    id: idSchema('invitation'),
    /** Null for an invitation that makes an operator. */
    tenantId: idSchema('tenant').nullable(),
    email: z.string(),
    role: z.enum(['owner', 'developer', 'viewer', 'operator']),
    status: z.enum(['open', 'accepted', 'revoked', 'expired']),
    /** The key or the person. */
    invitedBy: z.string(),
    createdAt: timeSchema,
    expiresAt: timeSchema,
  })
  .meta({ id: 'Invitation' });
export type InvitationAnswer = z.output<typeof invitationSchema>;

/** The only answer that carries the token. Whoever has it and the address may join: send it to that person only. */
export const createdInvitationSchema = z
  .object({ ...invitationSchema.shape, token: z.string() })
  .meta({ id: 'CreatedInvitation' });
export type CreatedInvitationAnswer = z.output<typeof createdInvitationSchema>;

/** Newest first. */
export const invitationPageSchema = pageOf(invitationSchema, 'InvitationPage');
/** Which part of the list. */
export const invitationsQuerySchema = pageQueryOf(idSchema('invitation'));
