import { Inject, Injectable } from '@nestjs/common';
import { type Id, ProblemError, type TenantAnswer, type TenantErasureAnswer } from '@tenon/contracts';
import type { Database } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { timeOrNull } from '../http/answer-parts.js';
import type { Caller } from '../http/caller.js';
import type { Preconditions } from '../http/preconditions.js';
import { DATABASE } from '../platform/tokens.js';
import { QuotaChanges } from '../rate-limit/quota-changes.js';
import { change, noSuchTenant, toTenantAnswer } from './tenants.service.js';

/** Whether a tenant lives, sleeps or goes. */
@Injectable()
export class TenantStatusService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly quotaChanges: QuotaChanges,
  ) {}

  /** Suspending a suspended tenant changes nothing but the reason. */
  suspend(
    caller: Caller,
    id: Id<'tenant'>,
    reason: string | undefined,
    conditions: Preconditions,
  ): Promise<TenantAnswer> {
    return this.#set(caller, id, { status: 'suspended', reason }, conditions);
  }

  /** Resuming an active tenant changes nothing. */
  resume(caller: Caller, id: Id<'tenant'>, conditions: Preconditions): Promise<TenantAnswer> {
    return this.#set(caller, id, { status: 'active' }, conditions);
  }

  /**
   * Marks a suspended tenant for the eraser. There is no way back, so it takes two steps; and a tenant that sleeps has
   * nothing under way that could write while its rows go.
   */
  erase(caller: Caller, id: Id<'tenant'>): Promise<TenantAnswer> {
    return this.database.asOperator(async (tx) => {
      const tenant = await tx.tenants.lock(id);
      if (tenant === null) throw noSuchTenant();
      if (tenant.status === 'deleting') return toTenantAnswer(tenant);
      if (tenant.status !== 'suspended') {
        throw new ProblemError('tenant_not_suspended', 'Suspend the tenant before you delete it.');
      }
      await tx.tenants.startErasure(id, caller.actor);
      const { name, plan } = tenant;
      await tx.audit.append(auditOf(caller, 'tenant.deletion_requested', id, { before: { name, plan } }));
      return toTenantAnswer((await tx.tenants.find(id)) ?? tenant);
    });
  }

  async erasure(id: Id<'tenant'>): Promise<TenantErasureAnswer> {
    const found = await this.database.asOperator((tx) => tx.tenants.erasure(id));
    if (found === null) throw new ProblemError('not_found', 'No deletion of such a tenant was asked for.');
    const { requestedAt, finishedAt, rowsErased, id: tenantId, ...rest } = found;
    const times = { requestedAt: requestedAt.toISOString(), finishedAt: timeOrNull(finishedAt) };
    return { tenantId, ...rest, ...times, rowsErased: { ...rowsErased } };
  }

  async #set(
    caller: Caller,
    id: Id<'tenant'>,
    { status, reason }: { readonly status: 'active' | 'suspended'; readonly reason?: string | undefined },
    conditions: Preconditions,
  ): Promise<TenantAnswer> {
    const answer = await this.database.asOperator(async (tx) => {
      const before = await change(tx, id, conditions);
      if (before.status === status && (before.suspendedReason ?? undefined) === reason) return toTenantAnswer(before);
      await tx.tenants.setStatus(id, status, reason);
      const details = { before: { status: before.status }, after: { status, reason } };
      const action = status === 'active' ? 'tenant.resumed' : 'tenant.suspended';
      await tx.audit.append(auditOf(caller, action, id, details));
      return toTenantAnswer((await tx.tenants.find(id)) ?? before);
    });
    await this.quotaChanges.tenantChanged(id);
    return answer;
  }
}
