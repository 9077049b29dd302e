import type { ClaimedEvent, Database } from '@tenon/database';
import type { QueueProducer } from '@tenon/queue';
import type { StepResult } from '../shared/wakeable-loop.js';
import { microBatches } from './micro-batches.js';
import type { RelaySettings } from './relay-settings.js';

/** Moves ready events from Postgres into BullMQ, never more than may wait there. */
export class OutboxFeeder {
  constructor(
    private readonly outbox: Pick<Database['outbox'], 'claimReady' | 'unclaim'>,
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
      await this.outbox.unclaim(events.map((event) => event.id));
      throw error;
    }
  }
}
