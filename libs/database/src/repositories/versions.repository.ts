import { type BuildRejection, type BuildReport, type Id, newId } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { Prisma, Version as VersionRow } from '../generated/client.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';
import { objectLock } from '../pipeline/storage-use.repository.js';
import type { JsonObject } from './extension-points.repository.js';
import { endedBuild } from './functions.repository.js';

const archivedAt = null;

export type VersionStatus = 'building' | 'ready' | 'rejected' | 'failed';

export interface Version {
  readonly id: Id<'version'>;
  readonly functionId: Id<'function'>;
  /** Content address of the module. */
  readonly sha256: string;
  readonly bytes: number;
  readonly status: VersionStatus;
  /** With `ready`. */
  readonly report: BuildReport | null;
  /** With `rejected`. */
  readonly rejection: BuildRejection | null;
  /** With `failed`: what went wrong on our side. */
  readonly failure: string | null;
  /** Content address of the artifact, with `ready`. */
  readonly artifactSha256: string | null;
  readonly artifactBytes: number | null;
  /** The engine that built the artifact. */
  readonly engine: string | null;
  readonly buildAttempts: number;
  /** The JSON Schema that settings have to fit while this version is live; null: any settings do. */
  readonly settingsSchema: JsonObject | null;
  /** Where the schema came from: the module itself, or an upload beside it. */
  readonly settingsSchemaOrigin: 'module' | 'upload' | null;
  readonly createdAt: Date;
  readonly builtAt: Date | null;
}

/** What an engine made of a module. */
export interface ReadyBuild {
  readonly status: 'ready';
  readonly report: BuildReport;
  readonly artifactSha256: string;
  readonly artifactBytes: number;
  readonly engine: string;
  /** What the module carries; null or absent where it carries none. */
  readonly settingsSchema?: JsonObject | null;
}

/** How a build ended. */
export type BuildOutcome =
  | ReadyBuild
  | { readonly status: 'rejected'; readonly rejection: BuildRejection }
  | { readonly status: 'failed'; readonly failure: string };

export class VersionsRepository {
  constructor(
    private readonly prisma: PrismaTransaction,
    private readonly tenantId: Id<'tenant'>,
  ) {}

  /** A new upload, `building` until {@link finishBuild}. */
  async create(upload: {
    readonly functionId: Id<'function'>;
    readonly sha256: string;
    readonly bytes: number;
  }): Promise<Version> {
    const { functionId, sha256, bytes } = upload;
    const data = { id: newId('version'), tenantId: this.tenantId, functionId, sha256, bytes };
    return toVersion(await this.prisma.version.create({ data }));
  }

  /**
   * Keeps an object of the storage from being removed as unused until this transaction ends. Look whether it is there
   * after this and before it is named in a version.
   */
  async holdObject(sha256: string): Promise<void> {
    const lock = objectLock(sha256);
    await this.prisma.$queryRaw`SELECT pg_advisory_xact_lock_shared(hashtextextended(${lock}, 0))::text`;
  }

  async find(id: Id<'version'>): Promise<Version | null> {
    const row = await this.prisma.version.findFirst({ where: { tenantId: this.tenantId, id, archivedAt } });
    return row === null ? null : toVersion(row);
  }

  /** The version only if it belongs to that function. */
  async findOf(functionId: Id<'function'>, id: Id<'version'>): Promise<Version | null> {
    const found = await this.find(id);
    return found?.functionId === functionId ? found : null;
  }

  async list(functionId: Id<'function'>, page: PageRequest): Promise<Page<Version>> {
    const { where, ...order } = { where: {}, ...newestFirst(page) };
    const rows = await this.prisma.version.findMany({
      ...order,
      where: { ...where, tenantId: this.tenantId, functionId, archivedAt },
    });
    return pageOf(rows.map(toVersion), page.limit, (version) => version.id);
  }

  /** A version of the tenant that the same engine built from the same bytes, so that they need not be built again. */
  async findBuilt(sha256: string, engine: string): Promise<Version | null> {
    const where = { tenantId: this.tenantId, sha256, engine, status: 'ready', archivedAt };
    const row = await this.prisma.version.findFirst({ where, orderBy: { id: 'desc' } });
    return row === null ? null : toVersion(row);
  }

  /** Counts one more try at building. @returns the number of tries so far, or null when the version is not building. */
  async startBuild(id: Id<'version'>): Promise<number | null> {
    const where = { tenantId: this.tenantId, id, status: 'building' };
    const { count } = await this.prisma.version.updateMany({ where, data: { buildAttempts: { increment: 1 } } });
    return count === 0 ? null : ((await this.find(id))?.buildAttempts ?? null);
  }

  /** Ends a build once: a job that ran twice changes nothing. @returns false when it had ended before. */
  async finishBuild(id: Id<'version'>, outcome: BuildOutcome): Promise<boolean> {
    const where = { tenantId: this.tenantId, id, status: 'building' };
    const data = { ...columnsOf(outcome), builtAt: new Date() };
    const { count } = await this.prisma.version.updateMany({ where, data });
    return count === 1;
  }

  /** What another engine made of the same module; nothing else about the version changes. @returns false where it is gone. */
  async replaceArtifact(
    id: Id<'version'>,
    { artifactSha256, artifactBytes, engine, report }: ReadyBuild,
  ): Promise<boolean> {
    const { count } = await this.prisma.version.updateMany({
      where: { tenantId: this.tenantId, id, archivedAt, status: 'ready', engine: { not: engine } },
      data: { artifactSha256, artifactBytes, engine, report: asJson(report) },
    });
    return count === 1;
  }

  /**
   * Puts a schema of settings beside a version that carries none of its own and was never live.
   *
   * @returns false where that is not so any more.
   */
  async setSettingsSchema(id: Id<'version'>, settingsSchema: JsonObject): Promise<boolean> {
    const { count } = await this.prisma.version.updateMany({
      where: {
        ...{ tenantId: this.tenantId, id, archivedAt, status: 'ready', deployments: { none: {} } },
        OR: [{ settingsSchemaOrigin: null }, { settingsSchemaOrigin: 'upload' }],
      },
      data: { settingsSchema, settingsSchemaOrigin: 'upload' },
    });
    return count === 1;
  }

  /** Takes the version away; what it did stays. @returns false where there is none. */
  async archive(id: Id<'version'>): Promise<boolean> {
    const now = new Date();
    const where = { tenantId: this.tenantId, id, archivedAt };
    await this.prisma.version.updateMany({ where: { ...where, status: 'building' }, data: endedBuild(now) });
    return (await this.prisma.version.updateMany({ where, data: { archivedAt: now } })).count === 1;
  }
}

function asJson(value: object): Prisma.InputJsonObject {
  return value as Prisma.InputJsonObject;
}

function columnsOf(outcome: BuildOutcome) {
  if (outcome.status === 'ready') {
    const { settingsSchema, ...built } = outcome;
    const carried = settingsSchema == null ? {} : { settingsSchema, settingsSchemaOrigin: 'module' };
    return { ...built, ...carried, report: asJson(outcome.report) };
  }
  if (outcome.status === 'rejected') return { ...outcome, rejection: asJson(outcome.rejection) };
  return outcome;
}

function toVersion(row: VersionRow): Version {
  return {
    id: row.id as Id<'version'>,
    functionId: row.functionId as Id<'function'>,
    sha256: row.sha256,
    bytes: row.bytes,
    status: row.status as VersionStatus,
    report: row.report as BuildReport | null,
    rejection: row.rejection as BuildRejection | null,
    failure: row.failure,
    artifactSha256: row.artifactSha256,
    artifactBytes: row.artifactBytes,
    engine: row.engine,
    buildAttempts: row.buildAttempts,
    settingsSchema: row.settingsSchema as JsonObject | null,
    settingsSchemaOrigin: row.settingsSchemaOrigin as Version['settingsSchemaOrigin'],
    createdAt: row.createdAt,
    builtAt: row.builtAt,
  };
}
