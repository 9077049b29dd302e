import { type Id, newId } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { Tenant as TenantRow } from '../generated/client.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';

/** `deleting`: nothing opens any more, and the worker removes what the tenant had. */
export type TenantStatus = 'active' | 'suspended' | 'deleting';

export interface Tenant {
  readonly id: Id<'tenant'>;
  readonly name: string;
  readonly plan: string;
  readonly status: TenantStatus;
  /** For operators' eyes: why the tenant was suspended. */
  readonly suspendedReason: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface TenantChange {
  readonly name?: string | undefined;
  /** The name of a plan that is there. */
  readonly plan?: string | undefined;
}

/** What is left of a tenant that is being deleted, or was. */
export interface TenantErasure {
  readonly id: Id<'tenant'>;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  /** Rows by table. */
  readonly rowsErased: Readonly<Record<string, number>>;
  /** Where its audit chain ended. */
  readonly audit: { readonly seq: number; readonly hash: string } | null;
  readonly finishedAt: Date | null;
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

  /** Reads the tenant and keeps everybody else from changing it until the transaction ends. */
  async lock(id: Id<'tenant'>): Promise<Tenant | null> {
    await this.prisma.$queryRaw`SELECT id FROM tenants WHERE id = ${id} FOR UPDATE`;
    return this.find(id);
  }

  /** @returns null when there is no such tenant. */
  async update(id: Id<'tenant'>, change: TenantChange): Promise<Tenant | null> {
    const { name, plan } = change;
    const data = { ...(name !== undefined && { name }), ...(plan !== undefined && { planName: plan }) };
    const { count } = await this.prisma.tenant.updateMany({ where: { id }, data: { ...data, updatedAt: new Date() } });
    return count === 1 ? this.find(id) : null;
  }

  /** @returns false when there is no such tenant. */
  async setStatus(id: Id<'tenant'>, status: TenantStatus, reason?: string): Promise<boolean> {
    const data = { status, suspendedReason: reason ?? null, updatedAt: new Date() };
    const { count } = await this.prisma.tenant.updateMany({ where: { id }, data });
    return count === 1;
  }

  /** Hands the tenant to the eraser. What it had goes away bit by bit from now on, and there is no way back. */
  async startErasure(id: Id<'tenant'>, requestedBy: string): Promise<void> {
    await this.setStatus(id, 'deleting');
    await this.prisma.tenantErasure.create({ data: { id, requestedBy } });
  }

  /** How far the deletion of a tenant is; stays when the tenant is gone. */
  async erasure(id: Id<'tenant'>): Promise<TenantErasure | null> {
    const row = await this.prisma.tenantErasure.findUnique({ where: { id } });
    if (row === null) return null;
    const { auditSeq, auditHash, rowsErased, ...rest } = row;
    const audit = auditSeq === null || auditHash === null ? null : { seq: Number(auditSeq), hash: auditHash };
    return { ...rest, id, rowsErased: rowsErased as TenantErasure['rowsErased'], audit };
  }
}

export function toTenant(row: TenantRow): Tenant {
  return {
    id: row.id as Id<'tenant'>,
    name: row.name,
    plan: row.planName,
    status: row.status as TenantStatus,
    suspendedReason: row.suspendedReason,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
