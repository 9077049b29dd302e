import { Inject, Injectable } from '@nestjs/common';
import {
  type FunctionOrderAnswer,
  functionsOnPointMax,
  ProblemError,
  type PutFunctionOrderBody,
} from '@tenon/contracts';
import type { Database, TenantFunction, TenantTransaction } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import type { TenantCaller } from '../http/caller.js';
import { checkPreconditions, type Preconditions } from '../http/preconditions.js';
import { DATABASE } from '../platform/tokens.js';
import { toFunctionAnswer } from './functions.service.js';

/** In which order a tenant's functions on one extension point run. */
@Injectable()
export class FunctionOrderService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  get(caller: TenantCaller, point: string): Promise<FunctionOrderAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      await assertPoint(tx, point);
      return toAnswer(point, await tx.functions.onPoint(point, functionsOnPointMax));
    });
  }

  /** @throws ProblemError `invalid_request` where the list is not all of them, each once */
  put(
    caller: TenantCaller,
    point: string,
    { functions: wanted }: PutFunctionOrderBody,
    conditions: Preconditions,
  ): Promise<FunctionOrderAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      await assertPoint(tx, point);
      let before: readonly TenantFunction[] = [];
      await checkPreconditions(tx, `order:${point}`, conditions, async () => {
        before = await tx.functions.onPoint(point, functionsOnPointMax);
        return toAnswer(point, before);
      });
      const ids = inOrder(wanted, before);
      await tx.functions.order(ids);
      const details = { before: before.map(({ name }) => name), after: [...wanted] };
      await tx.audit.append(auditOf(caller, 'extension_point.functions_ordered', point, details));
      return toAnswer(point, await tx.functions.onPoint(point, functionsOnPointMax));
    });
  }
}

async function assertPoint(tx: TenantTransaction, point: string): Promise<void> {
  if ((await tx.extensionPoints.find(point)) === null) {
    throw new ProblemError('not_found', 'There is no such extension point.');
  }
}

function inOrder(wanted: readonly string[], there: readonly TenantFunction[]) {
  const byName = new Map(there.map((found) => [found.name, found.id]));
  const left = new Set(byName.keys());
  const errors = [];
  const ids: TenantFunction['id'][] = [];
  for (const [index, name] of wanted.entries()) {
    const id = byName.get(name);
    if (id === undefined) errors.push(wrong(index, 'there is no such function on the point'));
    else if (!left.delete(name)) errors.push(wrong(index, 'the function stands there twice'));
    else ids.push(id);
  }
  for (const name of left) errors.push({ pointer: '/body/functions', message: `"${name}" is missing` });
  if (errors.length === 0) return ids;
  throw new ProblemError(
    'invalid_request',
    'The order has to name every function on the point once; see errors.',
    errors,
  );
}

function wrong(index: number, message: string) {
  return { pointer: `/body/functions/${index}`, message };
}

function toAnswer(point: string, functions: readonly TenantFunction[]): FunctionOrderAnswer {
  return { extensionPoint: point, functions: functions.map(toFunctionAnswer) };
}
