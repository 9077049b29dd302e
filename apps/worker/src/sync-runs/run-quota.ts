import { type Id, ProblemError } from '@tenon/contracts';
import type { EventsVerdict, Quotas } from '@tenon/quota';
import { SharedQuestions } from './shared-questions.js';

/** Tenants in one question. */
const tenantsMax = 500;

/** Lets runs in as far as a tenant's budgets go. One is asked for many. */
export class RunQuota {
  private readonly admissions: SharedQuestions<Id<'tenant'>, EventsVerdict>;
  private readonly ended: SharedQuestions<Id<'tenant'>, undefined>;

  constructor(quotas: Pick<Quotas, 'admitEvents' | 'changePending'>) {
    this.admissions = new SharedQuestions(async (tenants) => {
      const asked = [...tenants].map(async ([id, runs]) => [id, await quotas.admitEvents(id, runs)] as const);
      const verdicts = new Map(await Promise.all(asked));
      return (id, place) => {
        const verdict = verdicts.get(id);
        return { ...verdict, admitted: place < (verdict?.admitted ?? 0) ? 1 : 0 };
      };
    }, tenantsMax);
    this.ended = new SharedQuestions(async (tenants) => {
      await Promise.all([...tenants].map(([id, runs]) => quotas.changePending(id, -runs)));
      return () => undefined;
    }, tenantsMax);
  }

  /** Every run that was let in has to {@link end}. @throws ProblemError `quota_exceeded` */
  async admit(tenantId: Id<'tenant'>): Promise<void> {
    const { admitted, reason } = await this.admissions.ask(tenantId);
    if (admitted === 1) return;
    throw new ProblemError('quota_exceeded', `The quota "${reason}" of the tenant's plan is used up.`);
  }

  /** Nobody waits for it: a count that is lost is made good when the tenant is read again. */
  end(tenantId: Id<'tenant'>): void {
    this.ended.ask(tenantId).catch(() => undefined);
  }
}
