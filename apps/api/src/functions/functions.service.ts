import { Inject, Injectable } from '@nestjs/common';
import { type CreateFunctionBody, type FunctionAnswer, type PageQuery, ProblemError } from '@tenon/contracts';
import type { Database, TenantFunction, TenantTransaction } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage, timeOrNull } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { checkPreconditions, type Preconditions } from '../http/preconditions.js';
import { DATABASE } from '../platform/tokens.js';

@Injectable()
export class FunctionsService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  create(caller: TenantCaller, body: CreateFunctionBody): Promise<FunctionAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      if ((await tx.extensionPoints.find(body.extensionPoint)) === null) throw noSuchPoint();
      await assertRoom(tx);
      const created = await tx.functions.create(body);
      await tx.audit.append(auditOf(caller, 'function.created', created.id, body));
      return toFunctionAnswer(created);
    });
  }

  get(caller: TenantCaller, name: string): Promise<FunctionAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => toFunctionAnswer(await findFunction(tx, name)));
  }

  async list(caller: TenantCaller, query: PageQuery) {
    return mapPage(await this.database.withTenant(caller.tenantId, (tx) => tx.functions.list(query)), toFunctionAnswer);
  }

  /** A function that is paused already stays so, since when it was. */
  pause(caller: TenantCaller, name: string, conditions: Preconditions): Promise<FunctionAnswer> {
    return this.#setPaused(caller, name, true, conditions);
  }

  /** A function that runs stays as it is; one that failed over and over is tried again at once. */
  resume(caller: TenantCaller, name: string, conditions: Preconditions): Promise<FunctionAnswer> {
    return this.#setPaused(caller, name, false, conditions);
  }

  /**
   * A function that runs has to be paused first: two steps, so that nobody takes away by mistake what shops rely on.
   *
   * @throws ProblemError `function_live`, `precondition_failed`
   */
  delete(caller: TenantCaller, name: string, conditions: Preconditions): Promise<void> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const found = await findForChange(tx, name, conditions);
      const { liveVersionId, pausedAt } = found;
      if (liveVersionId !== null && pausedAt === null) {
        throw new ProblemError('function_live', 'The function is live; pause it first.');
      }
      await tx.functions.archive(found.id);
      const details = { function: name, extensionPoint: found.extensionPoint, liveVersion: liveVersionId };
      await tx.audit.append(auditOf(caller, 'function.deleted', found.id, details));
    });
  }

  #setPaused(caller: TenantCaller, name: string, wanted: boolean, conditions: Preconditions): Promise<FunctionAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const found = await findForChange(tx, name, conditions);
      const { id } = found;
      const pausedAt = wanted ? (found.pausedAt ?? new Date()) : null;
      await tx.functions.pause(id, pausedAt);
      const details = { function: name, before: { pausedAt: timeOrNull(found.pausedAt) } };
      await tx.audit.append(auditOf(caller, wanted ? 'function.paused' : 'function.resumed', id, details));
      if (wanted || !(await tx.functions.closeCircuit(id))) return toFunctionAnswer({ ...found, pausedAt });
      await tx.audit.append(auditOf(caller, 'function.circuit_closed', id, { function: name }));
      return toFunctionAnswer({ ...found, pausedAt, circuit: null });
    });
  }
}

/** @throws ProblemError `not_found` */
export async function findFunction(tx: TenantTransaction, name: string): Promise<TenantFunction> {
  const found = await tx.functions.findByName(name);
  if (found === null) throw new ProblemError('not_found', 'There is no such function.');
  return found;
}

/**
 * The function, once nobody else can change it and the conditions of the change hold.
 *
 * @throws ProblemError `not_found`, `precondition_failed`
 */
export async function findForChange(
  tx: TenantTransaction,
  name: string,
  conditions: Preconditions,
): Promise<TenantFunction> {
  const { id } = await findFunction(tx, name);
  const resource = `function:${id}`;
  await tx.lock(resource);
  const found = await findFunction(tx, name);
  await checkPreconditions(tx, resource, conditions, async () => toFunctionAnswer(found));
  return found;
}

async function assertRoom(tx: TenantTransaction): Promise<void> {
  const tenant = await tx.tenant.read();
  const functionsMax = tenant?.terms.functionsMax ?? 0;
  if ((await tx.functions.count()) < functionsMax) return;
  throw new ProblemError('plan_limit_reached', `The plan allows ${functionsMax} functions.`);
}

function noSuchPoint(): ProblemError {
  return new ProblemError('invalid_request', 'The request names something that is not there; see errors.', [
    { pointer: '/body/extensionPoint', message: 'there is no such extension point' },
  ]);
}

function toCircuitAnswer({ reason, openedAt, probeAt }: NonNullable<TenantFunction['circuit']>) {
  return { reason, openedAt: openedAt.toISOString(), triedAgainAt: probeAt.toISOString() };
}

/** A function as the API answers it. */
export function toFunctionAnswer(found: TenantFunction): FunctionAnswer {
  const { id, name, extensionPoint, position, liveVersionId, pausedAt, circuit, createdAt } = found;
  return {
    id,
    name,
    extensionPoint,
    liveVersion: liveVersionId,
    position,
    pausedAt: timeOrNull(pausedAt),
    circuit: circuit === null ? null : toCircuitAnswer(circuit),
    createdAt: createdAt.toISOString(),
  };
}
