import type { FairQueue, QueueProducer } from '@tenon/queue';
import type { StepResult } from '../shared/wakeable-loop.js';
import type { RelaySettings } from './relay-settings.js';

/** Moves batches from the fair queue into BullMQ: one for each free place of this worker, and few more to wait there. */
export class Dispatcher {
  constructor(
    private readonly fair: Pick<FairQueue, 'dispatch'>,
    private readonly producer: Pick<QueueProducer, 'executionsWaiting' | 'enqueueBatches'>,
    private readonly settings: RelaySettings,
    /** Jobs that this worker could begin at once. */
    private readonly placesFree: () => number,
  ) {}

  /**
   * One look, which fills the room that there is: the next is worth its round trips when a job has ended or something
   * is new in line, and both wake the relay. A batch that could not be handed over is found by its lease.
   *
   * @throws when Redis is away.
   */
  async step(): Promise<StepResult> {
    const { jobsWaitingMax, eventsPerJobMax } = this.settings;
    const room = jobsWaitingMax + this.placesFree() - (await this.producer.executionsWaiting());
    if (room <= 0) return 'idle';
    const batches = await this.fair.dispatch({ jobsMax: room, eventsMax: eventsPerJobMax });
    if (batches.length > 0) await this.producer.enqueueBatches(batches);
    return 'idle';
  }
}
