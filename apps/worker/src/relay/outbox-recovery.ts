import type { ClaimedEvent, Database } from '@tenon/database';
import type { QueueProducer } from '@tenon/queue';
import type { RelaySettings } from './relay-settings.js';

export interface RecoveryReport {
  /** True when Redis had lost what was in it. */
  readonly redisWiped: boolean;
  /** Events that no job carried any more; they are ready again. */
  readonly released: number;
}

/** Bounds one look; what is beyond is looked at next time. */
const eventsPerLookMax = 5_000;
/** Far more than the relays let wait; were there more all the same, nothing is taken for lost until there are fewer. */
const jobsPerLookMax = 10_000;

/**
 * Finds queued events that no job carries: the relay died between claim and hand-over, a job was given up, or Redis
 * lost its data. The truth about an event is in Postgres, so whatever Redis forgot is fed again.
 */
export class OutboxRecovery {
  constructor(
    private readonly outbox: Pick<Database['outbox'], 'queued' | 'unclaim' | 'extendLease'>,
    private readonly producer: Pick<QueueProducer, 'eventsInFlight' | 'markRedis'>,
    private readonly settings: RelaySettings,
  ) {}

  async look(): Promise<RecoveryReport> {
    const redisWiped = !(await this.producer.markRedis());
    const queued = await this.outbox.queued({ limit: eventsPerLookMax, all: redisWiped });
    if (queued.length === 0) return { redisWiped, released: 0 };
    const inFlight = await this.producer.eventsInFlight(jobsPerLookMax);
    if (inFlight === undefined) return { redisWiped, released: 0 };
    const [carried, lost] = split(queued, inFlight);
    if (carried.length > 0) await this.outbox.extendLease(carried, this.settings.leaseMs);
    // Some may have been recorded since they were listed; those are done, and stay so.
    const released = lost.length === 0 ? 0 : await this.outbox.unclaim(lost);
    return { redisWiped, released };
  }
}

function split(events: readonly ClaimedEvent[], inFlight: ReadonlySet<string>) {
  const carried: ClaimedEvent['id'][] = [];
  const lost: ClaimedEvent['id'][] = [];
  for (const { id } of events) (inFlight.has(id) ? carried : lost).push(id);
  return [carried, lost] as const;
}
