import { Inject, Injectable } from '@nestjs/common';
import { type CreateFunctionBody, type FunctionAnswer, type PageQuery, ProblemError } from '@tenon/contracts';
import type { Database, TenantFunction, TenantTransaction } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage, timeOrNull } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
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
      return toAnswer(created);
    });
  }

  get(caller: TenantCaller, name: string): Promise<FunctionAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => toAnswer(await findFunction(tx, name)));
  }

  async list(caller: TenantCaller, query: PageQuery) {
    return mapPage(await this.database.withTenant(caller.tenantId, (tx) => tx.functions.list(query)), toAnswer);
  }
}

/** @throws ProblemError `not_found` */
export async function findFunction(tx: TenantTransaction, name: string): Promise<TenantFunction> {
  const found = await tx.functions.findByName(name);
  if (found === null) throw new ProblemError('not_found', 'There is no such function.');
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

function toAnswer(found: TenantFunction): FunctionAnswer {
  const { id, name, extensionPoint, position, liveVersionId, pausedAt, createdAt } = found;
  return {
    id,
    name,
    extensionPoint,
    liveVersion: liveVersionId,
    position,
    pausedAt: timeOrNull(pausedAt),
    createdAt: createdAt.toISOString(),
  };
}
