import { Inject, Injectable } from '@nestjs/common';
import { type EventAnswer, type EventChoiceBody, type Id, ProblemError } from '@tenon/contracts';
import type { AuditOfChange, Database, EventChoice, ReadyEvent } from '@tenon/database';
import type { FairQueue } from '@tenon/queue';
import type { Quotas } from '@tenon/quota';
import type { Logger } from '@tenon/telemetry';
import { auditOf } from '../auth/audit-draft.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE, FAIR_QUEUE, LOGGER, QUOTAS } from '../platform/tokens.js';
import { EventLine } from './event-line.js';
import { EventsService } from './events.service.js';

type EventId = Id<'event'>;

/** What people do with events: release, cancel, replay, discard. */
@Injectable()
export class EventActionsService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(QUOTAS) private readonly quotas: Quotas,
    @Inject(FAIR_QUEUE) private readonly fair: FairQueue,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly line: EventLine,
    private readonly events: EventsService,
  ) {}

  /** @throws ProblemError `not_found`, or `event_state` for an event that is not held */
  async releaseOne(caller: TenantCaller, id: EventId): Promise<EventAnswer> {
    if ((await this.release(caller, { ids: [id] })) === 0) await this.refuse(caller, id, 'held');
    return this.events.get(caller.tenantId, id);
  }

  /** Makes held events ready. @returns how many. */
  async release(caller: TenantCaller, choice: EventChoiceBody): Promise<number> {
    const audit = auditOfChange(caller, 'events.released', choice);
    const ready = await this.database.eventWork.release(caller.tenantId, toChoice(choice), audit);
    await this.lineUp(caller.tenantId, ready);
    return ready.length;
  }

  /** @throws ProblemError `not_found`, or `event_state` for an event that is not dead */
  async replayOne(caller: TenantCaller, id: EventId): Promise<EventAnswer> {
    if ((await this.replay(caller, { ids: [id] })) === 0) await this.refuse(caller, id, 'dead');
    return this.events.get(caller.tenantId, id);
  }

  /** Lets dead events be tried again, as often as at first. @returns how many. */
  async replay(caller: TenantCaller, choice: EventChoiceBody): Promise<number> {
    const audit = auditOfChange(caller, 'dead_letters.replayed', choice);
    const ready = await this.database.eventWork.revive(caller.tenantId, toChoice(choice), audit);
    await this.lineUp(caller.tenantId, ready);
    return ready.length;
  }

  /** @throws ProblemError `not_found`, or `event_state` for an event that is not dead */
  async discardOne(caller: TenantCaller, id: EventId): Promise<void> {
    if ((await this.discard(caller, { ids: [id] })) === 0) await this.refuse(caller, id, 'dead');
  }

  /** Gives dead events up. @returns how many. */
  discard(caller: TenantCaller, choice: EventChoiceBody): Promise<number> {
    const audit = auditOfChange(caller, 'dead_letters.discarded', choice);
    return this.database.eventWork.discard(caller.tenantId, toChoice(choice), audit);
  }

  /**
   * Ends an event that was not recorded yet, wherever it is: what a run of it does is dropped.
   *
   * @throws ProblemError `not_found`, or `event_state` for an event that has ended
   */
  async cancel(caller: TenantCaller, id: EventId): Promise<EventAnswer> {
    const { tenantId } = caller;
    const audit = auditOfChange(caller, 'event.cancelled', { ids: [id] });
    const [ended] = await this.database.eventWork.cancel(tenantId, [id], audit);
    if (ended === undefined) await this.refuse(caller, id, 'waiting');
    if (ended?.status === 'ready') await this.quotas.changePending(tenantId, -1);
    // Only spares a look: whoever takes the event finds that nothing is left to do.
    await this.fair.remove([{ id, tenantId }]).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'a cancelled event stays in line until its turn');
    });
    return this.events.get(tenantId, id);
  }

  private async lineUp(tenantId: Id<'tenant'>, events: readonly ReadyEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.quotas.changePending(tenantId, events.length);
    this.line.add(
      events.map(({ id, priority, notBefore }) => ({
        ...{ id, tenantId, priority },
        ...(notBefore === null ? {} : { notBeforeMs: notBefore.getTime() }),
      })),
    );
  }

  private async refuse({ tenantId }: TenantCaller, id: EventId, wanted: string): Promise<never> {
    const { status } = await this.events.get(tenantId, id);
    throw new ProblemError('event_state', `The event is not ${wanted}, it is ${status}.`);
  }
}

function auditOfChange(caller: TenantCaller, action: string, choice: EventChoiceBody): AuditOfChange {
  const single = 'ids' in choice && choice.ids.length === 1 ? choice.ids[0] : undefined;
  const chosen = 'ids' in choice ? { ids: choice.ids } : { filter: { ...choice.filter }, limit: choice.limit };
  return (changed) => auditOf(caller, action, single ?? `${changed} events`, { changed, ...chosen });
}

function toChoice(choice: EventChoiceBody): EventChoice {
  if ('ids' in choice) return choice;
  const { note: reason, from, to, ...filter } = choice.filter;
  const times = {
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
  };
  return { filter: { ...filter, ...times, reason }, limit: choice.limit };
}
