import {
  type Combination,
  combinationSchema,
  type ExecutionLimits,
  executionLimitsSchema,
  type Id,
  newId,
  type RecordingPolicy,
  type RetryPolicy,
  recordingPolicySchema,
  retryPolicySchema,
} from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type {
  ExtensionPoint as ExtensionPointRow,
  ExtensionPointVersion as ExtensionPointVersionRow,
  Prisma,
} from '../generated/client.js';
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
  /** `all` where it is absent. */
  readonly combination?: Combination;
  /** The defaults where it is absent. */
  readonly retry?: RetryPolicy;
  /** The defaults where it is absent. */
  readonly recording?: RecordingPolicy;
}

export interface ExtensionPoint extends Required<ExtensionPointTerms> {
  readonly id: Id<'extensionPoint'>;
  readonly name: string;
  /** Counts up with each change. */
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

/** A state of a point that holds or once held. */
export interface ExtensionPointVersion extends Required<ExtensionPointTerms> {
  readonly name: string;
  readonly version: number;
  /** Who put it there. */
  readonly by: string;
  /** Why it was let through although live functions may not stand it. */
  readonly forcedReason: string | null;
  readonly createdAt: Date;
}

/** Who changes a point, and why against the rule, if it is. */
export interface PointChange {
  readonly by: string;
  readonly forcedReason?: string | undefined;
}

/** A function that a change of its point would meet. */
export interface LiveOnPoint {
  readonly tenantId: Id<'tenant'>;
  readonly functionName: string;
}

/** Some of the functions that a change would meet, and how many there are. */
export interface LiveFunctions {
  readonly total: number;
  readonly functions: readonly LiveOnPoint[];
}

interface LiveRow {
  readonly tenant_id: string;
  readonly function_name: string;
  readonly functions: bigint;
}

export class ExtensionPointsRepository extends ExtensionPointsReader {
  /** Creates the point as version 1, or replaces its terms as the next version; every version is kept. */
  async put(
    name: string,
    terms: ExtensionPointTerms,
    { by, forcedReason }: PointChange = { by: 'system' },
  ): Promise<ExtensionPoint> {
    const data = columnsOf(terms);
    const row = await this.prisma.extensionPoint.upsert({
      where: { name },
      create: { id: newId('extensionPoint'), name, ...data },
      update: { ...data, version: { increment: 1 }, updatedAt: new Date() },
    });
    const kept = { name, version: row.version, ...data, by, forcedReason: forcedReason ?? null };
    await this.prisma.extensionPointVersion.create({ data: kept });
    return toExtensionPoint(row);
  }

  /** Every state of the point, newest first; the cursor is a version. */
  async versions(name: string, { limit, cursor }: PageRequest): Promise<Page<ExtensionPointVersion>> {
    const rows = await this.prisma.extensionPointVersion.findMany({
      where: { name, ...(cursor === undefined ? {} : { version: { lt: Number(cursor) } }) },
      orderBy: { version: 'desc' },
      take: limit + 1,
    });
    return pageOf(rows.map(toVersion), limit, ({ version }) => String(version));
  }

  /** Functions of all tenants that are live on the point, and how many there are; a pause does not take one out. */
  async liveFunctions(name: string, rowsMax: number): Promise<LiveFunctions> {
    return toLiveFunctions(
      await this.prisma.$queryRaw<LiveRow[]>`
        SELECT tenant_id, function_name, functions FROM live_functions_on_point(${name}, ${rowsMax}::integer)`,
    );
  }

  /** Those of them whose build report says that they begin with more memory than `memoryBytesMax`. */
  async liveBeyondMemory(name: string, memoryBytesMax: number, rowsMax: number): Promise<LiveFunctions> {
    return toLiveFunctions(
      await this.prisma.$queryRaw<LiveRow[]>`
        SELECT tenant_id, function_name, functions
          FROM live_functions_beyond_memory(${name}, ${memoryBytesMax}::bigint, ${rowsMax}::integer)`,
    );
  }

  /** Keeps versions from going live on the point until this transaction ends. */
  async lock(name: string): Promise<void> {
    await this.prisma.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${pointLock(name)}, 0))::text`;
  }
}

function toLiveFunctions(rows: readonly LiveRow[]): LiveFunctions {
  const functions = rows.map((row) => ({
    tenantId: row.tenant_id as Id<'tenant'>,
    functionName: row.function_name,
  }));
  return { total: Number(rows[0]?.functions ?? 0), functions };
}

/** Held shared by whoever makes a version live, and alone by whoever changes what it would run under. */
export function pointLock(name: string): string {
  return `tenon.point:${name}`;
}

function columnsOf(terms: ExtensionPointTerms) {
  const { combination = 'all', retry, recording } = terms;
  return {
    ...terms,
    eventTypes: [...terms.eventTypes],
    limits: { ...terms.limits },
    combination,
    retry: { ...retry },
    recording: { ...recording },
  };
}

function toExtensionPoint(row: ExtensionPointRow): ExtensionPoint {
  return {
    ...toTerms(row),
    id: row.id as Id<'extensionPoint'>,
    name: row.name,
    version: row.version,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

function toVersion(row: ExtensionPointVersionRow): ExtensionPointVersion {
  const { name, version, by, forcedReason, createdAt } = row;
  return { ...toTerms(row), name, version, by, forcedReason, createdAt };
}

type TermColumns = Omit<ExtensionPointRow, 'id' | 'name' | 'version' | 'createdAt' | 'updatedAt'>;

function toTerms(row: TermColumns): Required<ExtensionPointTerms> {
  return {
    inputSchema: row.inputSchema as JsonObject,
    outputSchema: row.outputSchema as JsonObject,
    eventTypes: row.eventTypes,
    limits: executionLimitsSchema.parse(row.limits),
    mode: row.mode as PointMode,
    failurePolicy: row.failurePolicy as FailurePolicy,
    combination: combinationSchema.parse(row.combination),
    // What was left out takes the default, so a member that is added later needs no migration.
    retry: retryPolicySchema.parse(row.retry),
    recording: recordingPolicySchema.parse(row.recording),
  };
}
