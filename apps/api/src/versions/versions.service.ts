import { Inject, Injectable } from '@nestjs/common';
import { type Id, type PageQuery, ProblemError, type VersionAnswer } from '@tenon/contracts';
import type { Database, Version } from '@tenon/database';
import type { QueueProducer } from '@tenon/queue';
import type { StoredObject } from '@tenon/storage';
import type { Logger } from '@tenon/telemetry';
import { auditOf } from '../auth/audit-draft.js';
import { findFunction } from '../functions/functions.service.js';
import { mapPage, timeOrNull } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE, LOGGER, QUEUE } from '../platform/tokens.js';

@Injectable()
export class VersionsService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(QUEUE) private readonly queue: QueueProducer,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Asked before an upload is read: nobody sends 16 MB to learn that the function is not there. */
  async assertFunction(caller: TenantCaller, name: string): Promise<void> {
    await this.database.withTenant(caller.tenantId, (tx) => findFunction(tx, name));
  }

  /** Notes an upload that is in storage and asks for its build, which goes on after the answer. */
  async create(caller: TenantCaller, name: string, { sha256, bytes }: StoredObject): Promise<VersionAnswer> {
    const version = await this.database.withTenant(caller.tenantId, async (tx) => {
      const { id: functionId } = await findFunction(tx, name);
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
      const version = await tx.versions.findOf(functionId, id);
      if (version === null) throw new ProblemError('not_found', 'There is no such version.');
      return toVersionAnswer(version, name);
    });
  }

  list(caller: TenantCaller, name: string, query: PageQuery) {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const { id: functionId } = await findFunction(tx, name);
      return mapPage(await tx.versions.list(functionId, query), (version) => toVersionAnswer(version, name));
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

function toVersionAnswer(version: Version, name: string): VersionAnswer {
  return {
    id: version.id,
    function: name,
    status: version.status,
    sha256: version.sha256,
    bytes: version.bytes,
    report: version.report,
    rejection: version.rejection,
    createdAt: version.createdAt.toISOString(),
    builtAt: timeOrNull(version.builtAt),
  };
}
