import { Inject, Injectable } from '@nestjs/common';
import {
  type BuildProgress,
  type Id,
  jsonObjectSchema,
  type PageQuery,
  ProblemError,
  type PutSettingsSchemaBody,
  type VersionAnswer,
} from '@tenon/contracts';
import type { Database, TenantTransaction, Version } from '@tenon/database';
import type { QueueProducer } from '@tenon/queue';
import { compileDataSchema, settingsSchemaBounds } from '@tenon/schemas';
import type { Storage, StoredObject } from '@tenon/storage';
import type { Logger } from '@tenon/telemetry';
import { auditOf } from '../auth/audit-draft.js';
import { findFunction } from '../functions/functions.service.js';
import { mapPage, timeOrNull } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE, LOGGER, QUEUE, STORAGE } from '../platform/tokens.js';

@Injectable()
export class VersionsService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(QUEUE) private readonly queue: QueueProducer,
    @Inject(STORAGE) private readonly storage: Storage,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Asked before an upload is read: nobody sends 16 MB to learn that the function is not there. */
  async assertFunction(caller: TenantCaller, name: string): Promise<void> {
    await this.database.withTenant(caller.tenantId, (tx) => findFunction(tx, name));
  }

  /** Notes an upload that is in storage and asks for its build, which goes on after the answer. */
  async create(caller: TenantCaller, name: string, { sha256, bytes }: StoredObject): Promise<VersionAnswer> {
    const storedBytes = await this.database.quota.storedBytes(caller.tenantId);
    const version = await this.database.withTenant(caller.tenantId, async (tx) => {
      const { id: functionId } = await findFunction(tx, name);
      await assertSpace(tx, storedBytes + bytes);
      await tx.versions.holdObject(sha256);
      // The same bytes may have been there unused, and removed while they were stored again.
      if (!(await this.storage.has(sha256))) throw new ProblemError('unavailable', 'Send the module again.');
      const created = await tx.versions.create({ functionId, sha256, bytes });
      await tx.audit.append(auditOf(caller, 'version.uploaded', created.id, { function: name, sha256, bytes }));
      return created;
    });
    await this.#askForBuild(caller.tenantId, version.id);
    return toVersionAnswer(version, name);
  }

  get(caller: TenantCaller, name: string, id: Id<'version'>): Promise<VersionAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const { id: functionId } = await findFunction(tx, name);
      return toVersionAnswer(await findVersion(tx, functionId, id), name);
    });
  }

  list(caller: TenantCaller, name: string, query: PageQuery) {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const { id: functionId } = await findFunction(tx, name);
      return mapPage(await tx.versions.list(functionId, query), (version) => toVersionAnswer(version, name));
    });
  }

  /**
   * Gives a version that carries no schema of its settings one, before it is live for the first time.
   *
   * @throws ProblemError `invalid_schema`, `version_not_ready` or `settings_schema_fixed`
   */
  putSettingsSchema(
    caller: TenantCaller,
    name: string,
    id: Id<'version'>,
    { schema }: PutSettingsSchemaBody,
  ): Promise<VersionAnswer> {
    compileDataSchema(schema, '/body/schema', settingsSchemaBounds);
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const { id: functionId } = await findFunction(tx, name);
      await tx.lock(`function:${functionId}`);
      const found = await findVersion(tx, functionId, id);
      if (found.status !== 'ready') throw new ProblemError('version_not_ready', `The version is ${found.status}.`);
      if (found.settingsSchemaOrigin === 'module' || !(await tx.versions.setSettingsSchema(id, { ...schema }))) {
        const why = found.settingsSchemaOrigin === 'module' ? 'The module carries its schema.' : 'It was live already.';
        throw new ProblemError('settings_schema_fixed', `${why} Upload another version.`);
      }
      await tx.audit.append(auditOf(caller, 'version.settings_schema_put', id, { function: name, schema }));
      return toVersionAnswer(await findVersion(tx, functionId, id), name);
    });
  }

  /** @throws ProblemError `function_live` for the version that is live */
  delete(caller: TenantCaller, name: string, id: Id<'version'>): Promise<void> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const { id: functionId } = await findFunction(tx, name);
      await tx.lock(`function:${functionId}`);
      const { liveVersionId } = await findFunction(tx, name);
      const { sha256, status } = await findVersion(tx, functionId, id);
      if (liveVersionId === id)
        throw new ProblemError('function_live', 'The version is live; activate another one first.');
      await tx.versions.archive(id);
      await tx.audit.append(auditOf(caller, 'version.deleted', id, { function: name, sha256, status }));
    });
  }

  /** How far the build of a version is. */
  progress(caller: TenantCaller, name: string, id: Id<'version'>): Promise<BuildProgress> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const { id: functionId } = await findFunction(tx, name);
      return progressOf(await findVersion(tx, functionId, id));
    });
  }

  /** The row is the truth: where this request to build is lost, the worker's sweep finds the row. */
  async #askForBuild(tenantId: Id<'tenant'>, versionId: Id<'version'>): Promise<void> {
    try {
      await this.queue.enqueueBuild({ tenantId, versionId });
    } catch (error) {
      this.logger.warn({ err: error, versionId }, 'the build waits for the sweep: the queue did not take it');
    }
  }
}

/** @throws ProblemError `plan_limit_reached` */
async function assertSpace(tx: TenantTransaction, bytes: number): Promise<void> {
  const bytesMax = (await tx.tenant.read())?.terms.quotas.storedBytesMax ?? 0;
  if (bytes <= bytesMax) return;
  const detail = `Modules and artifacts would take ${bytes} bytes; the plan allows ${bytesMax}. Delete old versions.`;
  throw new ProblemError('plan_limit_reached', detail);
}

async function findVersion(tx: TenantTransaction, functionId: Id<'function'>, id: Id<'version'>): Promise<Version> {
  const version = await tx.versions.findOf(functionId, id);
  if (version === null) throw new ProblemError('not_found', 'There is no such version.');
  return version;
}

function progressOf({ id, status, buildAttempts, createdAt, builtAt }: Version): BuildProgress {
  const stage = status !== 'building' ? 'ended' : buildAttempts > 0 ? 'building' : 'queued';
  const elapsedMs = Math.max(0, (builtAt ?? new Date()).getTime() - createdAt.getTime());
  return { version: id, status, stage, attempts: buildAttempts, elapsedMs };
}

function toVersionAnswer(version: Version, name: string): VersionAnswer {
  return {
    id: version.id,
    function: name,
    status: version.status,
    sha256: version.sha256,
    bytes: version.bytes,
    report: version.report,
    rejection: version.rejection,
    settingsSchema: version.settingsSchema === null ? null : jsonObjectSchema.parse(version.settingsSchema),
    settingsSchemaOrigin: version.settingsSchemaOrigin,
    createdAt: version.createdAt.toISOString(),
    builtAt: timeOrNull(version.builtAt),
  };
}
