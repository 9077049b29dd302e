import { Inject, Injectable } from '@nestjs/common';
import {
  type CreateTenantBody,
  type Id,
  type PageQuery,
  type PatchTenantBody,
  ProblemError,
  type TenantAnswer,
} from '@tenon/contracts';
import type { Database, OperatorTransaction, Tenant } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage } from '../http/answer-parts.js';
import type { Caller } from '../http/caller.js';
import { checkPreconditions, type Preconditions } from '../http/preconditions.js';
import { DATABASE } from '../platform/tokens.js';
import { QuotaChanges } from '../rate-limit/quota-changes.js';

@Injectable()
export class TenantsService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly quotaChanges: QuotaChanges,
  ) {}

  async create(caller: Caller, body: CreateTenantBody): Promise<TenantAnswer> {
    const { answer, quotas } = await this.database.asOperator(async (tx) => {
      const plan = await tx.plans.find(body.plan);
      if (plan === null) throw noSuchPlan();
      const tenant = await tx.tenants.create(body);
      await tx.audit.append(auditOf(caller, 'tenant.created', tenant.id, body));
      return { answer: toTenantAnswer(tenant), quotas: plan.quotas };
    });
    await this.quotaChanges.tenantMade(answer.id, quotas);
    return answer;
  }

  async get(id: Id<'tenant'>): Promise<TenantAnswer> {
    return toTenantAnswer(await this.database.asOperator((tx) => find(tx, id)));
  }

  async list(query: PageQuery) {
    return mapPage(await this.database.asOperator((tx) => tx.tenants.list(query)), toTenantAnswer);
  }

  async patch(
    caller: Caller,
    id: Id<'tenant'>,
    wanted: PatchTenantBody,
    conditions: Preconditions,
  ): Promise<TenantAnswer> {
    const answer = await this.database.asOperator(async (tx) => {
      const before = await change(tx, id, conditions);
      if (wanted.plan !== undefined && (await tx.plans.find(wanted.plan)) === null) throw noSuchPlan();
      const after = await tx.tenants.update(id, wanted);
      if (after === null) throw noSuchTenant();
      const terms = ({ name, plan }: Tenant) => ({ name, plan });
      await tx.audit.append(auditOf(caller, 'tenant.changed', id, { before: terms(before), after: terms(after) }));
      return toTenantAnswer(after);
    });
    await this.quotaChanges.tenantChanged(id);
    return answer;
  }
}

/** The tenant, once nobody else can change it and the conditions of the change hold. @throws ProblemError */
export async function change(
  tx: OperatorTransaction,
  id: Id<'tenant'>,
  conditions: Preconditions = {},
): Promise<Tenant> {
  const tenant = await tx.tenants.lock(id);
  await checkPreconditions(tx, `tenant:${id}`, conditions, async () =>
    tenant === null ? null : toTenantAnswer(tenant),
  );
  if (tenant === null) throw noSuchTenant();
  if (tenant.status === 'deleting') throw new ProblemError('tenant_deleting', 'What is being deleted does not change.');
  return tenant;
}

export function toTenantAnswer({ createdAt, updatedAt, ...tenant }: Tenant): TenantAnswer {
  return { ...tenant, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

async function find(tx: OperatorTransaction, id: Id<'tenant'>): Promise<Tenant> {
  const tenant = await tx.tenants.find(id);
  if (tenant === null) throw noSuchTenant();
  return tenant;
}

export function noSuchTenant(): ProblemError {
  return new ProblemError('not_found', 'There is no such tenant.');
}

function noSuchPlan(): ProblemError {
  return new ProblemError('invalid_request', 'The request names something that is not there; see errors.', [
    { pointer: '/body/plan', message: 'there is no such plan' },
  ]);
}
