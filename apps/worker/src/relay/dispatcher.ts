import type { FairQueue, QueueProducer } from '@tenon/queue';
import type { StepResult } from '../shared/wakeable-loop.js';
import type { RelaySettings } from './relay-settings.js';

/** Moves batches from the fair queue into BullMQ, never more than may wait there. */
export class Dispatcher {
  constructor(
    private readonly fair: Pick<FairQueue, 'dispatch'>,
    private readonly producer: Pick<QueueProducer, 'executionsWaiting' | 'enqueueBatches'>,
    private readonly settings: RelaySettings,
  ) {}

  /**
   * One look. `idle` when nothing is in line or BullMQ holds enough. A batch that could not be handed over is found by
   * its lease.
   *
   * @throws when Redis is away.
   */
  async step(): Promise<StepResult> {
    const { jobsWaitingMax, eventsPerJobMax } = this.settings;
    const room = jobsWaitingMax - (await this.producer.executionsWaiting());
    if (room <= 0) return 'idle';
    const batches = await this.fair.dispatch({ jobsMax: room, eventsMax: eventsPerJobMax });
    if (batches.length === 0) return 'idle';
    await this.producer.enqueueBatches(batches);
    return 'more';
  }
}
