import type { QueueProducer } from '@tenon/queue';
import type { StepResult } from '../shared/wakeable-loop.js';
import { type ClaimedEvent, microBatches } from './micro-batches.js';
import type { RelaySettings } from './relay-settings.js';

/** What the feeder needs of the outbox in Postgres. */
export interface ReadyOutbox {
  /** Takes ready events of all tenants, oldest first, and marks them queued until the lease ends. */
  claimReady(limit: number, leaseMs: number): Promise<readonly ClaimedEvent[]>;
  /** Makes claimed events ready again. */
  release(eventIds: readonly ClaimedEvent['id'][]): Promise<unknown>;
}

/** Moves ready events from Postgres into BullMQ, never more than may wait there. */
export class OutboxFeeder {
  constructor(
    private readonly outbox: ReadyOutbox,
    private readonly producer: Pick<QueueProducer, 'executionsWaiting' | 'enqueueExecutions'>,
    private readonly settings: RelaySettings,
  ) {}

  /** One claim. `idle` when nothing is ready or BullMQ holds enough. @throws when Postgres or Redis is away. */
  async step(): Promise<StepResult> {
    const { jobsWaitingMax, claimMax, leaseMs, eventsPerJobMax } = this.settings;
    const room = jobsWaitingMax - (await this.producer.executionsWaiting());
    if (room <= 0) return 'idle';
    const limit = Math.min(claimMax, room * eventsPerJobMax);
    const events = await this.outbox.claimReady(limit, leaseMs);
    if (events.length === 0) return 'idle';
    await this.hand(events);
    return events.length === limit ? 'more' : 'idle';
  }

  private async hand(events: readonly ClaimedEvent[]): Promise<void> {
    try {
      await this.producer.enqueueExecutions(microBatches(events, this.settings.eventsPerJobMax));
    } catch (error) {
      // The jobs may be there all the same. Then the events run twice, which records them once.
      await this.outbox.release(events.map((event) => event.id));
      throw error;
    }
  }
}
