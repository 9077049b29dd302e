import { Inject, Injectable } from '@nestjs/common';
import type { Id } from '@tenon/contracts';
import type { AcceptedEvent, NewEvent } from '@tenon/database';
import type { EventGroup, EventsVerdict, Quotas } from '@tenon/quota';
import { QUOTAS } from '../platform/tokens.js';

/** Lets events in as far as the tenant's budgets go; the others are kept, and held. */
@Injectable()
export class EventQuota {
  constructor(@Inject(QUOTAS) private readonly quotas: Quotas) {}

  /**
   * Keeps events through `keep`, the last of them marked as held where a budget is used up: of those that may run at
   * once, and of those that may run from a later minute on, which count in that minute.
   *
   * @returns what `keep` did, and the events as they were given to it
   */
  async keep(
    tenantId: Id<'tenant'>,
    events: readonly NewEvent[],
    keep: (events: readonly NewEvent[]) => Promise<readonly AcceptedEvent[]>,
  ): Promise<{ readonly accepted: readonly AcceptedEvent[]; readonly events: readonly NewEvent[] }> {
    const groups = byDue(events);
    const held = heldIn(groups, await this.quotas.admitGroups(tenantId, groups.map(toGroup)));
    const given =
      held.size === 0
        ? events
        : events.map((event, place) => (held.has(place) ? { ...event, held: held.get(place) } : event));
    try {
      const accepted = await keep(given);
      const known = accepted.filter(({ duplicate }, place) => duplicate && !held.has(place)).length;
      await this.quotas.changePending(tenantId, -known);
      return { accepted, events: given };
    } catch (error) {
      await this.quotas.changePending(tenantId, held.size - events.length);
      throw error;
    }
  }
}

/** Events that count in the same minute, by their places. */
interface DueTogether {
  readonly dueMs: number | undefined;
  readonly places: number[];
}

const minuteMs = 60_000;

/** Budgets run over minutes of the clock and longer. */
function byDue(events: readonly NewEvent[]): readonly DueTogether[] {
  const groups = new Map<number, DueTogether>();
  for (const [place, { notBefore }] of events.entries()) {
    const minute = notBefore === undefined ? 0 : Math.floor(notBefore.getTime() / minuteMs);
    const known = groups.get(minute);
    if (known === undefined) groups.set(minute, { dueMs: notBefore?.getTime(), places: [place] });
    else known.places.push(place);
  }
  return [...groups.values()];
}

function toGroup({ dueMs, places }: DueTogether): EventGroup {
  return { count: places.length, dueMs };
}

/** The places of those that are held, which are the last ones of their group, and why. */
function heldIn(groups: readonly DueTogether[], verdicts: readonly EventsVerdict[]) {
  const held = new Map<number, EventsVerdict['reason']>();
  for (const [index, { places }] of groups.entries()) {
    const { admitted = 0, reason } = verdicts[index] ?? {};
    for (const place of places.slice(admitted)) held.set(place, reason);
  }
  return held;
}
