import { Inject, Injectable } from '@nestjs/common';
import { type CreateTenantBody, type Id, type PageQuery, ProblemError, type TenantAnswer } from '@tenon/contracts';
import type { Database, Tenant } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage } from '../http/answer-parts.js';
import type { Caller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';

@Injectable()
export class TenantsService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  create(caller: Caller, body: CreateTenantBody): Promise<TenantAnswer> {
    return this.database.asOperator(async (tx) => {
      if ((await tx.plans.find(body.plan)) === null) throw noSuchPlan();
      const tenant = await tx.tenants.create(body);
      await tx.audit.append(auditOf(caller, 'tenant.created', tenant.id, body));
      return toAnswer(tenant);
    });
  }

  async get(id: Id<'tenant'>): Promise<TenantAnswer> {
    const tenant = await this.database.asOperator((tx) => tx.tenants.find(id));
    if (tenant === null) throw new ProblemError('not_found', 'There is no such tenant.');
    return toAnswer(tenant);
  }

  async list(query: PageQuery) {
    return mapPage(await this.database.asOperator((tx) => tx.tenants.list(query)), toAnswer);
  }
}

function noSuchPlan(): ProblemError {
  return new ProblemError('invalid_request', 'The request names something that is not there; see errors.', [
    { pointer: '/body/plan', message: 'there is no such plan' },
  ]);
}

function toAnswer({ createdAt, updatedAt, ...tenant }: Tenant): TenantAnswer {
  return { ...tenant, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
