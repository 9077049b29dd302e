import { Inject, Injectable } from '@nestjs/common';
import type { DeploymentAnswer, Id } from '@tenon/contracts';
import type { Database, Deployment } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { findFunction } from '../functions/functions.service.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';

/** Which version of a function is live. */
@Injectable()
export class DeploymentsService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  activate(caller: TenantCaller, name: string, version: Id<'version'>): Promise<DeploymentAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const found = await findFunction(tx, name);
      const deployment = await tx.deployments.activate(found.id, version, caller.actor);
      const details = { function: name, version, before: found.liveVersionId };
      await tx.audit.append(auditOf(caller, 'function.activated', found.id, details));
      return toAnswer(deployment, name);
    });
  }

  rollback(caller: TenantCaller, name: string): Promise<DeploymentAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const found = await findFunction(tx, name);
      const deployment = await tx.deployments.rollback(found.id, caller.actor);
      const details = { function: name, version: deployment.versionId, before: found.liveVersionId };
      await tx.audit.append(auditOf(caller, 'function.rolled_back', found.id, details));
      return toAnswer(deployment, name);
    });
  }
}

function toAnswer(deployment: Deployment, name: string): DeploymentAnswer {
  const { id, versionId, settingsId, reason, by, since } = deployment;
  return { id, function: name, version: versionId, settings: settingsId, reason, by, since: since.toISOString() };
}
