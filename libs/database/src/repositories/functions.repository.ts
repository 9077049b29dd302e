import { type Id, newId, ProblemError } from '@tenon/contracts';
import { isUniqueViolation, type PrismaTransaction } from '../connection/prisma.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';

/** A function, and which version of it is live. */
export interface TenantFunction {
  readonly id: Id<'function'>;
  readonly name: string;
  readonly extensionPoint: string;
  /** Its place among the tenant's functions on the point. */
  readonly position: number;
  readonly liveVersionId: Id<'version'> | null;
  /** Since when it does not run although a version of it is live. */
  readonly pausedAt: Date | null;
  /** Why the live version is not run for a while; null where its circuit is closed. */
  readonly circuit: FunctionCircuit | null;
  readonly createdAt: Date;
}

/** An open circuit, as people are shown it. */
export interface FunctionCircuit {
  readonly reason: string;
  readonly openedAt: Date;
  /** From then on one run at a time tries whether the function works again. */
  readonly probeAt: Date;
}

const circuitFields = { select: { versionId: true, reason: true, openedAt: true, probeAt: true } } as const;
const asShown = { liveDeployment: { select: { versionId: true } }, breaker: circuitFields } as const;
const archivedAt = null;

/** A tenant's functions, but for those that were archived: to whoever asks here they are gone. */
export class FunctionsRepository {
  constructor(
    private readonly prisma: PrismaTransaction,
    private readonly tenantId: Id<'tenant'>,
  ) {}

  /**
   * The new function comes last on its point.
   *
   * @throws ProblemError `conflict` when the tenant has a function of this name.
   */
  async create(wanted: { readonly name: string; readonly extensionPoint: string }): Promise<TenantFunction> {
    const { name, extensionPoint } = wanted;
    const where = { tenantId: this.tenantId, extensionPoint, archivedAt };
    const last = await this.prisma.function.aggregate({ where, _max: { position: true } });
    const position = (last._max.position ?? 0) + 1;
    try {
      const data = { id: newId('function'), tenantId: this.tenantId, name, extensionPoint, position };
      return toFunction({ ...(await this.prisma.function.create({ data })), liveDeployment: null, breaker: null });
    } catch (error) {
      if (isUniqueViolation(error)) throw new ProblemError('conflict', `A function named "${name}" exists already.`);
      throw error;
    }
  }

  async findByName(name: string): Promise<TenantFunction | null> {
    const where = { tenantId: this.tenantId, name, archivedAt };
    const row = await this.prisma.function.findFirst({ where, include: asShown });
    return row === null ? null : toFunction(row);
  }

  async list(page: PageRequest): Promise<Page<TenantFunction>> {
    const { where, ...order } = { where: {}, ...newestFirst(page) };
    const rows = await this.prisma.function.findMany({
      ...order,
      where: { ...where, tenantId: this.tenantId, archivedAt },
      include: asShown,
    });
    return pageOf(rows.map(toFunction), page.limit, (found) => found.id);
  }

  /** The tenant's functions on one point in the order in which they run; `limit` at most. */
  async onPoint(extensionPoint: string, limit: number): Promise<readonly TenantFunction[]> {
    const rows = await this.prisma.function.findMany({
      where: { tenantId: this.tenantId, extensionPoint, archivedAt },
      include: asShown,
      orderBy: [{ position: 'asc' }, { id: 'asc' }],
      take: limit,
    });
    return rows.map(toFunction);
  }

  /** Gives the functions the places 1, 2, 3 and so on. */
  async order(ids: readonly Id<'function'>[]): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE functions AS f SET position = w.place
        FROM unnest(${ids}::text[]) WITH ORDINALITY AS w (id, place)
        WHERE f.tenant_id = ${this.tenantId} AND f.id = w.id AND f.position <> w.place`;
  }

  /** @param pausedAt null to let it run again. @returns false where there is no such function. */
  async pause(id: Id<'function'>, pausedAt: Date | null): Promise<boolean> {
    return this.#update(id, { pausedAt });
  }

  /** Lets a function run again that failed over and over. @returns false where its circuit was closed. */
  async closeCircuit(id: Id<'function'>): Promise<boolean> {
    const where = { tenantId: this.tenantId, functionId: id };
    return (await this.prisma.functionBreaker.deleteMany({ where })).count === 1;
  }

  /** Takes the function away for good; its record stays. @returns false where there is no such function. */
  async archive(id: Id<'function'>): Promise<boolean> {
    const now = new Date();
    const gone = await this.#update(id, { archivedAt: now });
    if (!gone) return false;
    // A build that is under way then finds nothing to end.
    const versions = { tenantId: this.tenantId, functionId: id, archivedAt };
    await this.prisma.version.updateMany({ where: { ...versions, status: 'building' }, data: endedBuild(now) });
    await this.prisma.version.updateMany({ where: versions, data: { archivedAt: now } });
    return true;
  }

  /** How many functions the tenant has; its plan says how many it may have. */
  count(): Promise<number> {
    return this.prisma.function.count({ where: { tenantId: this.tenantId, archivedAt } });
  }

  async #update(id: Id<'function'>, data: { pausedAt?: Date | null; archivedAt?: Date }): Promise<boolean> {
    const where = { tenantId: this.tenantId, id, archivedAt };
    return (await this.prisma.function.updateMany({ where, data })).count === 1;
  }
}

/** What becomes of a build that nobody wants any more. */
export function endedBuild(now: Date) {
  return { status: 'failed', failure: 'The version was deleted before it was built.', builtAt: now } as const;
}

interface FunctionRow {
  readonly id: string;
  readonly name: string;
  readonly extensionPoint: string;
  readonly position: number;
  readonly pausedAt: Date | null;
  readonly createdAt: Date;
  readonly liveDeployment: { readonly versionId: string } | null;
  readonly breaker: (FunctionCircuit & { readonly versionId: string }) | null;
}

function toFunction(row: FunctionRow): TenantFunction {
  return {
    id: row.id as Id<'function'>,
    name: row.name,
    extensionPoint: row.extensionPoint,
    position: row.position,
    liveVersionId: (row.liveDeployment?.versionId ?? null) as Id<'version'> | null,
    pausedAt: row.pausedAt,
    circuit: circuitOf(row),
    createdAt: row.createdAt,
  };
}

/** A circuit holds back the version that failed, and no other. */
function circuitOf({ breaker, liveDeployment }: FunctionRow): FunctionCircuit | null {
  if (breaker === null || breaker.versionId !== liveDeployment?.versionId) return null;
  const { reason, openedAt, probeAt } = breaker;
  return { reason, openedAt, probeAt };
}
