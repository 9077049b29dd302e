import type { Id } from '@tenon/contracts';
import type { Database, RecordedBatch, TenantBatch } from '@tenon/database';
import type { Quotas, QuotaWarning, UsedQuota } from '@tenon/quota';
import type { Logger } from '@tenon/telemetry';

/** Tenants in one report. */
const tenantsMax = 500;

interface Used extends UsedQuota {
  readonly runs: number;
}

/**
 * Tells the quotas what was used, beside the work: what is gathered while one report is under way goes with the next.
 * The truth is in Postgres by then, so a report that is lost is made good when the tenant is read again.
 */
export class QuotaReports {
  private gathered = new Map<Id<'tenant'>, Used>();
  private sending: Promise<void> | undefined;

  constructor(
    private readonly quotas: Pick<Quotas, 'report'>,
    private readonly database: Pick<Database, 'withTenant'>,
    private readonly logger: Logger,
  ) {}

  /** Takes note of a commit. @param recorded - which of its executions were new: the others were counted before */
  note(group: readonly TenantBatch[], recorded: readonly RecordedBatch[]): void {
    for (const [place, part] of group.entries()) this.add(usedBy(part, recorded[place]?.recorded ?? []));
    this.sending ??= this.send().finally(() => {
      this.sending = undefined;
    });
  }

  /** Waits for what is under way. */
  async end(): Promise<void> {
    await this.sending;
  }

  private add(used: Used): void {
    const { tenantId } = used;
    const before = this.gathered.get(tenantId) ?? { tenantId, events: 0, runs: 0, executions: 0, instructions: 0 };
    this.gathered.set(tenantId, {
      tenantId,
      events: before.events + used.events,
      runs: before.runs + used.runs,
      executions: before.executions + used.executions,
      instructions: before.instructions + used.instructions,
    });
  }

  private async send(): Promise<void> {
    while (this.gathered.size > 0) {
      const all = [...this.gathered.values()];
      const part = all.slice(0, tenantsMax);
      this.gathered = new Map(all.slice(tenantsMax).map((used) => [used.tenantId, used]));
      for (const warning of await this.quotas.report(part)) await this.audit(warning);
    }
  }

  private async audit({ tenantId, quota, used, limit, resetMs }: QuotaWarning): Promise<void> {
    const resetsAt = new Date(Date.now() + resetMs).toISOString();
    const draft = { actor: 'system', action: 'quota.warning', target: quota, details: { used, limit, resetsAt } };
    try {
      await this.database.withTenant(tenantId, (tx) => tx.audit.append(draft));
    } catch (error) {
      this.logger.warn({ err: error, tenantId, quota }, 'a quota warning could not be audited');
    }
  }
}

/** Events that came again still wait; those that ended, or were given up, don't. */
function usedBy({ tenantId, batch }: TenantBatch, recorded: readonly Id<'execution'>[]): Used {
  const fresh = new Set<string>(recorded);
  const executions = batch.executions.filter(({ id }) => fresh.has(id));
  const dead = batch.againEvents?.filter(({ status }) => status === 'dead') ?? [];
  return {
    tenantId,
    events: (batch.doneEvents?.length ?? 0) + dead.length,
    runs: executions.length === 0 ? 0 : (batch.runs ?? 0),
    executions: executions.length,
    instructions: executions.reduce((sum, run) => sum + run.instructionsUsed, 0),
  };
}
