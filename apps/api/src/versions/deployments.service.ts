import { Inject, Injectable } from '@nestjs/common';
import { type ActivateBody, type DeploymentAnswer, type Id, jsonObjectSchema, type PageQuery } from '@tenon/contracts';
import type { Database, Deployment, TenantFunction, TenantTransaction } from '@tenon/database';
import type { QueueProducer } from '@tenon/queue';
import { auditOf } from '../auth/audit-draft.js';
import { findForChange, findFunction } from '../functions/functions.service.js';
import { assertSettingsFit, settingsText } from '../functions/settings-check.js';
import { mapPage } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import type { Preconditions } from '../http/preconditions.js';
import { DATABASE, QUEUE } from '../platform/tokens.js';

/** Which version of a function is live. */
@Injectable()
export class DeploymentsService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(QUEUE) private readonly queue: Pick<QueueProducer, 'announceActivation'>,
  ) {}

  /**
   * @throws ProblemError `not_found`, `version_not_ready`, `precondition_failed`, or `invalid_settings` where they don't
   *   fit the version
   */
  async activate(
    caller: TenantCaller,
    name: string,
    { version, settings }: ActivateBody,
    conditions: Preconditions,
  ): Promise<DeploymentAnswer> {
    const given = settings === undefined ? undefined : settingsText(settings);
    const answer = await this.database.withTenant(caller.tenantId, async (tx) => {
      const found = await findForChange(tx, name, conditions);
      const { id } = found;
      await assertFits(tx, found, version, given);
      const before = await tx.deployments.live(id);
      const after = await this.#deploy(tx, caller, found, version, given);
      const details = { function: name, before: stateOf(before), after: stateOf(after) };
      await tx.audit.append(auditOf(caller, 'function.activated', id, details));
      return toAnswer(after, name);
    });
    this.queue.announceActivation({ tenantId: caller.tenantId, versionId: answer.version });
    return answer;
  }

  async list(caller: TenantCaller, name: string, query: PageQuery) {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const { id } = await findFunction(tx, name);
      return mapPage(await tx.deployments.list(id, query), (deployment) => toAnswer(deployment, name));
    });
  }

  rollback(caller: TenantCaller, name: string, conditions: Preconditions): Promise<DeploymentAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const { id } = await findForChange(tx, name, conditions);
      const before = await tx.deployments.live(id);
      const after = await tx.deployments.rollback(id, caller.actor);
      const details = { function: name, before: stateOf(before), after: stateOf(after) };
      await tx.audit.append(auditOf(caller, 'function.rolled_back', id, details));
      return toAnswer(after, name);
    });
  }

  /** New settings come first where nothing is live yet; else the version takes them over in one step with it. */
  async #deploy(
    tx: TenantTransaction,
    { actor }: TenantCaller,
    { id: functionId }: TenantFunction,
    version: Id<'version'>,
    given: string | undefined,
  ): Promise<Deployment> {
    const current = await tx.settings.current(functionId);
    if (given === undefined || given === current?.value) return tx.deployments.activate(functionId, version, actor);
    const added = await tx.settings.add({ functionId, value: given, by: actor });
    return tx.deployments.activate(functionId, version, actor, added.id);
  }
}

async function assertFits(
  tx: TenantTransaction,
  { id }: TenantFunction,
  version: Id<'version'>,
  given: string | undefined,
): Promise<void> {
  const schema = (await tx.versions.findOf(id, version))?.settingsSchema ?? null;
  if (schema === null) return;
  const text = given ?? (await tx.settings.current(id))?.value ?? null;
  assertSettingsFit(jsonObjectSchema.parse(schema), text, '/body/settings');
}

function stateOf(deployment: Deployment | null) {
  return deployment === null ? null : { version: deployment.versionId, settings: deployment.settingsId };
}

function toAnswer(deployment: Deployment, name: string): DeploymentAnswer {
  const { id, versionId, settingsId, reason, by, since } = deployment;
  return { id, function: name, version: versionId, settings: settingsId, reason, by, since: since.toISOString() };
}
