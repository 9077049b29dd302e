import { Inject, Injectable } from '@nestjs/common';
import { type ExecutionAnswer, type Id, ProblemError, type TestBody } from '@tenon/contracts';
import type { Database } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { ExecutionsService } from '../executions/executions.service.js';
import { findFunction } from '../functions/functions.service.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE, WORKER } from '../platform/tokens.js';
import type { WorkerClient } from '../platform/worker-client.js';

/** Runs a version before it is live. */
@Injectable()
export class TestRunsService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(WORKER) private readonly worker: WorkerClient,
    private readonly executions: ExecutionsService,
  ) {}

  async run(caller: TenantCaller, name: string, id: Id<'version'>, { input }: TestBody): Promise<ExecutionAnswer> {
    await this.#prepare(caller, name, id);
    const request = { tenantId: caller.tenantId, versionId: id, input: JSON.stringify(input) };
    return this.executions.get(caller, await this.worker.testRun(request));
  }

  async #prepare(caller: TenantCaller, name: string, id: Id<'version'>): Promise<void> {
    await this.database.withTenant(caller.tenantId, async (tx) => {
      const { id: functionId } = await findFunction(tx, name);
      const version = await tx.versions.findOf(functionId, id);
      if (version === null) throw new ProblemError('not_found', 'There is no such version.');
      if (version.status !== 'ready') throw new ProblemError('version_not_ready', `The version is ${version.status}.`);
      await tx.audit.append(auditOf(caller, 'version.tested', id, { function: name }));
    });
  }
}
