import { type Id, newId, ProblemError } from '@tenon/contracts';
import { isUniqueViolation, type PrismaTransaction } from '../connection/prisma.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';

/** A function, and which version of it is live. */
export interface TenantFunction {
  readonly id: Id<'function'>;
  readonly name: string;
  readonly extensionPoint: string;
  readonly liveVersionId: Id<'version'> | null;
  readonly createdAt: Date;
}

const withLiveVersion = { liveDeployment: { select: { versionId: true } } } as const;

export class FunctionsRepository {
  constructor(
    private readonly prisma: PrismaTransaction,
    private readonly tenantId: Id<'tenant'>,
  ) {}

  /** @throws ProblemError `conflict` when the tenant has a function of this name. */
  async create(wanted: { readonly name: string; readonly extensionPoint: string }): Promise<TenantFunction> {
    const { name, extensionPoint } = wanted;
    try {
      const data = { id: newId('function'), tenantId: this.tenantId, name, extensionPoint };
      return toFunction({ ...(await this.prisma.function.create({ data })), liveDeployment: null });
    } catch (error) {
      if (isUniqueViolation(error)) throw new ProblemError('conflict', `A function named "${name}" exists already.`);
      throw error;
    }
  }

  async findByName(name: string): Promise<TenantFunction | null> {
    const where = { tenantId_name: { tenantId: this.tenantId, name } };
    const row = await this.prisma.function.findUnique({ where, include: withLiveVersion });
    return row === null ? null : toFunction(row);
  }

  async list(page: PageRequest): Promise<Page<TenantFunction>> {
    const { where, ...order } = { where: {}, ...newestFirst(page) };
    const rows = await this.prisma.function.findMany({
      ...order,
      where: { ...where, tenantId: this.tenantId },
      include: withLiveVersion,
    });
    return pageOf(rows.map(toFunction), page.limit, (found) => found.id);
  }

  /** How many functions the tenant has; its plan says how many it may have. */
  count(): Promise<number> {
    return this.prisma.function.count({ where: { tenantId: this.tenantId } });
  }
}

interface FunctionRow {
  readonly id: string;
  readonly name: string;
  readonly extensionPoint: string;
  readonly createdAt: Date;
  readonly liveDeployment: { readonly versionId: string } | null;
}

function toFunction(row: FunctionRow): TenantFunction {
  return {
    id: row.id as Id<'function'>,
    name: row.name,
    extensionPoint: row.extensionPoint,
    liveVersionId: (row.liveDeployment?.versionId ?? null) as Id<'version'> | null,
    createdAt: row.createdAt,
  };
}
