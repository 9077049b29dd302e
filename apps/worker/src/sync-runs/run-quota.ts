import { type Id, ProblemError } from '@tenon/contracts';
import type { Quotas } from '@tenon/quota';
import { Credit, type Refusal } from './credit.js';

/** Credit is reviewed this often: what was not used is given back, and the next portion follows what was. */
const reviewMs = 50;

/**
 * Lets runs in as far as a tenant's budgets go. Room is taken in portions of what the tenant ran a moment ago, so that
 * a run seldom waits for Redis: it counts as pending from then on, and no more is let in than Redis gave.
 */
export class RunQuota {
  private readonly credits = new Map<Id<'tenant'>, Credit>();
  private reviewing: NodeJS.Timeout | undefined;

  constructor(private readonly quotas: Pick<Quotas, 'admitEvents' | 'changePending'>) {}

  /**
   * Every run that was let in has to {@link end}.
   *
   * @returns what is to be waited for, where no room was taken ahead
   * @throws ProblemError `quota_exceeded`
   */
  admit(tenantId: Id<'tenant'>): Promise<void> | undefined {
    const refusal = this.creditOf(tenantId).take();
    if (refusal instanceof Promise) return refusal.then(assertAdmitted);
    assertAdmitted(refusal);
    return undefined;
  }

  /**
   * @param place - of the run among those that the tenant has under way in this worker, itself included
   * @throws ProblemError `quota_exceeded` where the plan allows fewer
   */
  assertPlace(tenantId: Id<'tenant'>, place: number): void {
    const { runsMax = Number.POSITIVE_INFINITY } = this.creditOf(tenantId);
    if (place > runsMax) assertAdmitted('concurrent_executions');
  }

  /** Nobody waits for it: a count that is lost is made good when the tenant is read again. */
  end(tenantId: Id<'tenant'>): void {
    this.creditOf(tenantId).end();
  }

  /** Gives back what is left. */
  async stop(): Promise<void> {
    clearInterval(this.reviewing);
    await Promise.all([...this.credits.values()].map((credit) => credit.giveBack()));
  }

  private creditOf(tenantId: Id<'tenant'>): Credit {
    const known = this.credits.get(tenantId);
    if (known !== undefined) return known;
    const credit = new Credit({
      take: (runs) => this.quotas.admitEvents(tenantId, runs),
      giveBack: (runs) => this.quotas.changePending(tenantId, -runs),
    });
    this.credits.set(tenantId, credit);
    this.reviewing ??= setInterval(() => this.review(), reviewMs).unref();
    return credit;
  }

  /** Tenants that run nothing are forgotten. */
  private review(): void {
    for (const [tenantId, credit] of this.credits) if (!credit.review()) this.credits.delete(tenantId);
    if (this.credits.size > 0) return;
    clearInterval(this.reviewing);
    this.reviewing = undefined;
  }
}

function assertAdmitted(refusal: Refusal | 'concurrent_executions'): void {
  if (refusal === undefined) return;
  throw new ProblemError('quota_exceeded', `The quota "${refusal}" of the tenant's plan is used up.`);
}
