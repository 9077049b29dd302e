import type { Id } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import { type Plan, toPlan } from './plans.repository.js';
import { type Tenant, toTenant } from './tenants.repository.js';

/** The tenant itself and its plan, as seen from inside. */
export class OwnTenantRepository {
  constructor(
    private readonly prisma: PrismaTransaction,
    private readonly tenantId: Id<'tenant'>,
  ) {}

  /** Null when there is no such tenant. */
  async read(): Promise<(Tenant & { readonly terms: Plan }) | null> {
    const row = await this.prisma.tenant.findUnique({ where: { id: this.tenantId }, include: { plan: true } });
    return row === null ? null : { ...toTenant(row), terms: toPlan(row.plan) };
  }
}
