import { z } from 'zod';
import { idSchema, nameSchema } from '../ids.js';
import { timeSchema } from '../time.js';
import { labelSchema } from './common.js';
import { pageOf, pageQueryOf } from './page.js';

/** The plan of a tenant for which nobody chose one; migrations create it. */
export const defaultPlanName = 'default';

/** A new tenant. */
export const createTenantBodySchema = z
  .strictObject({ name: labelSchema, plan: nameSchema.default(defaultPlanName) })
  .meta({ id: 'CreateTenant', example: { name: 'Amsterdam Tea Shop', plan: 'default' } });
export type CreateTenantBody = z.output<typeof createTenantBodySchema>;

/** What changes; what is left out stays. */
export const patchTenantBodySchema = z
  .strictObject({ name: labelSchema.optional(), plan: nameSchema.optional() })
  .meta({ id: 'PatchTenant', example: { plan: 'large' } });
export type PatchTenantBody = z.output<typeof patchTenantBodySchema>;

/** Why the tenant is suspended, for operators' eyes. */
export const suspendTenantBodySchema = z
  .strictObject({ reason: z.string().trim().min(1).max(500).optional() })
  .meta({ id: 'SuspendTenant', example: { reason: 'The invoice of October is open.' } });
export type SuspendTenantBody = z.output<typeof suspendTenantBodySchema>;

/** How far the deletion of a tenant is. It stays when the tenant is gone. */
export const tenantErasureSchema = z
  .object({
    tenantId: idSchema('tenant'),
    requestedBy: z.string(),
    requestedAt: timeSchema,
    /** Rows that were removed, by table. */
    rowsErased: z.record(z.string(), z.int()),
    /** Where the tenant's audit chain ended: what an export of it can be held against for ever. */
    audit: z.object({ seq: z.int(), hash: z.string() }).nullable(),
    finishedAt: timeSchema.nullable(),
  })
  .meta({ id: 'TenantErasure' });
export type TenantErasureAnswer = z.output<typeof tenantErasureSchema>;

/** Where an export goes on: the `cursor` of the last line that arrived whole. */
export const tenantExportQuerySchema = z.strictObject({
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,1024}$/, 'expected the cursor of an export')
    .optional(),
});
export type TenantExportQuery = z.output<typeof tenantExportQuerySchema>;

/** A tenant, as operators see it. */
export const tenantSchema = z
  .object({
    id: idSchema('tenant'),
    name: z.string(),
    plan: z.string(),
    /** `deleting`: nothing opens any more and what it had is being removed; then the tenant is gone. */
    status: z.enum(['active', 'suspended', 'deleting']),
    suspendedReason: z.string().nullable(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Tenant' });
export type TenantAnswer = z.output<typeof tenantSchema>;

/** Newest first. */
export const tenantPageSchema = pageOf(tenantSchema, 'TenantPage');
/** Which part of the list. */
export const tenantsQuerySchema = pageQueryOf(idSchema('tenant'));
