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

/** A tenant, as operators see it. */
export const tenantSchema = z
  .object({
    id: idSchema('tenant'),
    name: z.string(),
    plan: z.string(),
    status: z.enum(['active', 'suspended']),
    createdAt: timeSchema,
  })
  .meta({ id: 'Tenant' });
export type TenantAnswer = z.output<typeof tenantSchema>;

/** Newest first. */
export const tenantPageSchema = pageOf(tenantSchema, 'TenantPage');
/** Which part of the list. */
export const tenantsQuerySchema = pageQueryOf(idSchema('tenant'));
