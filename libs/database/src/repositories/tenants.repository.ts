import { type Id, newId } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { Tenant as TenantRow } from '../generated/client.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';

export type TenantStatus = 'active' | 'suspended';

export interface Tenant {
  readonly id: Id<'tenant'>;
  readonly name: string;
  readonly plan: string;
  readonly status: TenantStatus;
  readonly createdAt: Date;
}

/** Tenants, as the operator sees them: all of them. */
export class TenantsRepository {
  constructor(private readonly prisma: PrismaTransaction) {}

  async create(tenant: { readonly name: string; readonly plan: string }): Promise<Tenant> {
    const { name, plan } = tenant;
    return toTenant(await this.prisma.tenant.create({ data: { id: newId('tenant'), name, planName: plan } }));
  }

  async find(id: Id<'tenant'>): Promise<Tenant | null> {
    const row = await this.prisma.tenant.findUnique({ where: { id } });
    return row === null ? null : toTenant(row);
  }

  async list(page: PageRequest): Promise<Page<Tenant>> {
    const rows = await this.prisma.tenant.findMany(newestFirst(page));
    return pageOf(rows.map(toTenant), page.limit, (tenant) => tenant.id);
  }

  /** @returns false when there is no such tenant. */
  async setStatus(id: Id<'tenant'>, status: TenantStatus): Promise<boolean> {
    const { count } = await this.prisma.tenant.updateMany({ where: { id }, data: { status } });
    return count === 1;
  }
}

export function toTenant(row: TenantRow): Tenant {
  return {
    id: row.id as Id<'tenant'>,
    name: row.name,
    plan: row.planName,
    status: row.status as TenantStatus,
    createdAt: row.createdAt,
  };
}
