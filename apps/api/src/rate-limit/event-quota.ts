import { Inject, Injectable } from '@nestjs/common';
import type { Id } from '@tenon/contracts';
import type { AcceptedEvent, NewEvent } from '@tenon/database';
import type { Quotas } from '@tenon/quota';
import { QUOTAS } from '../platform/tokens.js';

/** Lets events in as far as the tenant's budgets go; the others are kept, and held. */
@Injectable()
export class EventQuota {
  constructor(@Inject(QUOTAS) private readonly quotas: Quotas) {}

  /**
   * Keeps events through `keep`, the last of them marked as held where a budget is used up.
   *
   * @returns what `keep` did, and the events as they were given to it
   */
  async keep(
    tenantId: Id<'tenant'>,
    events: readonly NewEvent[],
    keep: (events: readonly NewEvent[]) => Promise<readonly AcceptedEvent[]>,
  ): Promise<{ readonly accepted: readonly AcceptedEvent[]; readonly events: readonly NewEvent[] }> {
    const { admitted, reason } = await this.quotas.admitEvents(tenantId, events.length);
    const given = events.map((event, place) => (place < admitted ? event : { ...event, held: reason }));
    try {
      const accepted = await keep(given);
      const known = accepted.filter(({ duplicate }, place) => duplicate && place < admitted).length;
      await this.quotas.changePending(tenantId, -known);
      return { accepted, events: given };
    } catch (error) {
      await this.quotas.changePending(tenantId, -admitted);
      throw error;
    }
  }
}
