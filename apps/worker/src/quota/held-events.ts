import type { Id } from '@tenon/contracts';
import type { Database, ReadyEvent } from '@tenon/database';
import type { FairQueue } from '@tenon/queue';
import type { Quotas } from '@tenon/quota';
import type { StepResult } from '../shared/wakeable-loop.js';

export interface HeldEventsParts {
  readonly database: Pick<Database, 'quota' | 'withTenant'>;
  readonly quotas: Pick<Quotas, 'readmitEvents' | 'changePending'>;
  readonly fair: Pick<FairQueue, 'offer'>;
}

/** Tenants in one look, and events of one tenant in one release. */
const tenantsPerLook = 100;
const eventsPerRelease = 500;

/**
 * Releases events that were held for a quota, oldest first, as soon as there is room again: in the next window, after a
 * change of the plan, or when others have ended.
 */
export class HeldEvents {
  private after = '';

  constructor(private readonly parts: HeldEventsParts) {}

  /** One look at some tenants; the next one goes on behind them. */
  async step(): Promise<StepResult> {
    const tenants = await this.parts.database.quota.tenantsWithHeldEvents(this.after, tenantsPerLook);
    let released = 0;
    for (const tenantId of tenants) released += await this.release(tenantId);
    const end = tenants.length < tenantsPerLook;
    this.after = end ? '' : (tenants.at(-1) ?? '');
    return released > 0 || !end ? 'more' : 'idle';
  }

  private async release(tenantId: Id<'tenant'>): Promise<number> {
    const { database, quotas, fair } = this.parts;
    const held = await database.quota.heldEvents(tenantId, eventsPerRelease);
    if (held === 0) return 0;
    const { admitted } = await quotas.readmitEvents(tenantId, held);
    if (admitted === 0) return 0;
    const events = await this.makeReady(tenantId, admitted);
    // Another worker, or a person, may have taken some of them meanwhile.
    await quotas.changePending(tenantId, events.length - admitted);
    // Should the offer fail, the sweep finds them: they are ready in Postgres.
    await fair.offer(events.map((event) => toWaiting(tenantId, event)));
    return events.length;
  }

  private async makeReady(tenantId: Id<'tenant'>, limit: number): Promise<readonly ReadyEvent[]> {
    const { database, quotas } = this.parts;
    try {
      const events = await database.quota.releaseOldest(tenantId, limit);
      if (events.length > 0) await this.audit(tenantId, events.length);
      return events;
    } catch (error) {
      await quotas.changePending(tenantId, -limit);
      throw error;
    }
  }

  private async audit(tenantId: Id<'tenant'>, released: number): Promise<void> {
    const draft = { actor: 'system', action: 'events.released', target: `${released} events`, details: { released } };
    await this.parts.database.withTenant(tenantId, (tx) => tx.audit.append(draft));
  }
}

function toWaiting(tenantId: Id<'tenant'>, { id, priority, notBefore }: ReadyEvent) {
  return { id, tenantId, priority, ...(notBefore === null ? {} : { notBeforeMs: notBefore.getTime() }) };
}
