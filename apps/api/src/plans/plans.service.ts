import { Inject, Injectable } from '@nestjs/common';
import { type PlanAnswer, ProblemError, type PutPlanBody } from '@tenon/contracts';
import type { Database, Plan } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import type { Caller } from '../http/caller.js';
import { checkPreconditions, type Preconditions } from '../http/preconditions.js';
import { DATABASE } from '../platform/tokens.js';
import { QuotaChanges } from '../rate-limit/quota-changes.js';

@Injectable()
export class PlansService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly quotaChanges: QuotaChanges,
  ) {}

  async put(caller: Caller, name: string, body: PutPlanBody, conditions: Preconditions): Promise<PlanAnswer> {
    const answer = await this.database.asOperator(async (tx) => {
      const read = async () => toAnswerOrNull(await tx.plans.find(name));
      const before = await checkPreconditions(tx, `plan:${name}`, conditions, read);
      const plan = await tx.plans.put(name, body);
      const details = { before: before === null ? null : audited(before), after: audited(body) };
      await tx.audit.append(auditOf(caller, 'plan.put', name, details));
      return toAnswer(plan);
    });
    await this.quotaChanges.planChanged(name, body.quotas);
    return answer;
  }

  async get(name: string): Promise<PlanAnswer> {
    const plan = await this.database.asOperator((tx) => tx.plans.find(name));
    if (plan === null) throw new ProblemError('not_found', 'There is no such plan.');
    return toAnswer(plan);
  }
}

function audited({
  functionsMax,
  executionLimits,
  quotas,
  isolation,
}: Pick<PutPlanBody, 'functionsMax' | 'executionLimits' | 'quotas' | 'isolation'>) {
  return { functionsMax, executionLimits: { ...executionLimits }, quotas: { ...quotas }, isolation };
}

function toAnswer(plan: Plan): PlanAnswer {
  return { ...plan, createdAt: plan.createdAt.toISOString(), updatedAt: plan.updatedAt.toISOString() };
}

function toAnswerOrNull(plan: Plan | null): PlanAnswer | null {
  return plan === null ? null : toAnswer(plan);
}
