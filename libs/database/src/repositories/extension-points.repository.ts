import { type ExecutionLimits, executionLimitsSchema, type Id, newId } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { ExtensionPoint as ExtensionPointRow, Prisma } from '../generated/client.js';
import { type Page, type PageRequest, pageOf } from '../page.js';

export type JsonObject = Prisma.JsonObject;
export type PointMode = 'async' | 'sync';
export type FailurePolicy = 'open' | 'closed';

/** What an operator decides about an extension point. */
export interface ExtensionPointTerms {
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  readonly eventTypes: readonly string[];
  readonly limits: ExecutionLimits;
  readonly mode: PointMode;
  readonly failurePolicy: FailurePolicy;
}

export interface ExtensionPoint extends ExtensionPointTerms {
  readonly id: Id<'extensionPoint'>;
  readonly name: string;
  /** Counts up with each put. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Extension points, read-only: what a tenant may do with them. */
export class ExtensionPointsReader {
  constructor(protected readonly prisma: PrismaTransaction) {}

  async find(name: string): Promise<ExtensionPoint | null> {
    const row = await this.prisma.extensionPoint.findUnique({ where: { name } });
    return row === null ? null : toExtensionPoint(row);
  }

  /** Points that at least one of the event types feeds, by name. */
  async fedBy(eventTypes: readonly string[]): Promise<readonly ExtensionPoint[]> {
    const rows = await this.prisma.extensionPoint.findMany({
      where: { eventTypes: { hasSome: [...eventTypes] } },
      orderBy: { name: 'asc' },
      take: 1_000,
    });
    return rows.map(toExtensionPoint);
  }

  /** In the order of their names, because a point has no other order that a person would look for. */
  async list({ limit, cursor }: PageRequest): Promise<Page<ExtensionPoint>> {
    const rows = await this.prisma.extensionPoint.findMany({
      orderBy: { name: 'asc' },
      take: limit + 1,
      ...(cursor === undefined ? {} : { where: { name: { gt: cursor } } }),
    });
    return pageOf(rows.map(toExtensionPoint), limit, (point) => point.name);
  }
}

export class ExtensionPointsRepository extends ExtensionPointsReader {
  /** Creates the point as version 1, or replaces its terms as the next version. */
  async put(name: string, terms: ExtensionPointTerms): Promise<ExtensionPoint> {
    const data = { ...terms, eventTypes: [...terms.eventTypes], limits: { ...terms.limits } };
    return toExtensionPoint(
      await this.prisma.extensionPoint.upsert({
        where: { name },
        create: { id: newId('extensionPoint'), name, ...data },
        update: { ...data, version: { increment: 1 }, updatedAt: new Date() },
      }),
    );
  }
}

function toExtensionPoint(row: ExtensionPointRow): ExtensionPoint {
  return {
    id: row.id as Id<'extensionPoint'>,
    name: row.name,
    version: row.version,
    inputSchema: row.inputSchema as JsonObject,
    outputSchema: row.outputSchema as JsonObject,
    eventTypes: row.eventTypes,
    limits: executionLimitsSchema.parse(row.limits),
    mode: row.mode as PointMode,
    failurePolicy: row.failurePolicy as FailurePolicy,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
