import type { QueueProducer } from '@tenon/queue';
import type { ClaimedEvent } from './micro-batches.js';
import type { RelaySettings } from './relay-settings.js';

/** What the recovery needs of the outbox in Postgres. */
export interface LeasedOutbox {
  /** Queued events whose lease has ended, or, with `all`, every queued event; at most `limit`. */
  queuedEvents(options: { readonly limit: number; readonly all: boolean }): Promise<readonly ClaimedEvent[]>;
  /** Makes queued events ready again. */
  release(eventIds: readonly ClaimedEvent['id'][]): Promise<unknown>;
  /** Asks about these events again later. */
  extendLease(eventIds: readonly ClaimedEvent['id'][], leaseMs: number): Promise<unknown>;
}

export interface RecoveryReport {
  /** True when Redis had lost what was in it. */
  readonly redisWiped: boolean;
  /** Events that no job carried any more; they are ready again. */
  readonly released: number;
}

/** Bounds one look; what is beyond is looked at next time. */
const eventsPerLookMax = 5_000;

/**
 * Finds queued events that no job carries: the relay died between claim and hand-over, a job was given up, or Redis
 * lost its data. The truth about an event is in Postgres, so whatever Redis forgot is fed again.
 */
export class OutboxRecovery {
  constructor(
    private readonly outbox: LeasedOutbox,
    private readonly producer: Pick<QueueProducer, 'eventsInFlight' | 'markRedis'>,
    private readonly settings: RelaySettings,
  ) {}

  async look(): Promise<RecoveryReport> {
    const redisWiped = !(await this.producer.markRedis());
    const queued = await this.outbox.queuedEvents({ limit: eventsPerLookMax, all: redisWiped });
    if (queued.length === 0) return { redisWiped, released: 0 };
    // Jobs under way come on top of those that wait; a generous bound keeps one look small.
    const inFlight = await this.producer.eventsInFlight(this.settings.jobsWaitingMax * 4);
    if (inFlight === undefined) return { redisWiped, released: 0 };
    const [carried, lost] = split(queued, inFlight);
    if (carried.length > 0) await this.outbox.extendLease(carried, this.settings.leaseMs);
    if (lost.length > 0) await this.outbox.release(lost);
    return { redisWiped, released: lost.length };
  }
}

function split(events: readonly ClaimedEvent[], inFlight: ReadonlySet<string>) {
  const carried: ClaimedEvent['id'][] = [];
  const lost: ClaimedEvent['id'][] = [];
  for (const { id } of events) (inFlight.has(id) ? carried : lost).push(id);
  return [carried, lost] as const;
}
