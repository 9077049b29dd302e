import type { FairQueue, QueueProducer } from '@tenon/queue';
import type { StepResult } from '../shared/wakeable-loop.js';
import type { WorkerLoad } from './lease-keeper.js';
import type { RelaySettings } from './relay-settings.js';

export interface DispatcherSettings
  extends Pick<RelaySettings, 'jobsWaitingMax' | 'eventsPerJobMax' | 'eventsAtOnceMax'> {
  /** Jobs that this worker runs at once. */
  readonly jobsConcurrencyMax: number;
}

/**
 * Moves batches from the fair queue into BullMQ, as many as this worker can begin at once and few more. How much it has
 * in its hands is bounded by events rather than by jobs: a few large jobs keep the machine busy, and what they hold is
 * what everybody else waits for; many small ones need places for themselves.
 */
export class Dispatcher {
  /** Jobs that were handed over and may not have begun, with the number of their events. */
  private readonly ahead = new Map<string, number>();

  constructor(
    private readonly fair: Pick<FairQueue, 'dispatch'>,
    private readonly producer: Pick<QueueProducer, 'executionsWaiting' | 'enqueueBatches'>,
    private readonly settings: DispatcherSettings,
    private readonly load: () => WorkerLoad,
  ) {}

  /** A job has begun here. */
  begun(jobId: string): void {
    this.ahead.delete(jobId);
  }

  /**
   * One look, which fills the room that there is: the next is worth its round trips when a job has ended or something
   * is new in line, and both wake the relay. A batch that could not be handed over is found by its lease.
   *
   * @throws when Redis is away.
   */
  async step(): Promise<StepResult> {
    const { jobsWaitingMax, jobsConcurrencyMax, eventsPerJobMax, eventsAtOnceMax } = this.settings;
    const waiting = await this.waiting();
    const { jobs, events } = this.load();
    const jobsMax = jobsWaitingMax + jobsConcurrencyMax - jobs - waiting;
    if (jobsMax <= 0) return 'idle';
    const eventsAhead = this.ahead.values().reduce((sum, count) => sum + count, 0);
    const eventsRoom = eventsAtOnceMax - events - eventsAhead;
    const batches = await this.fair.dispatch({ jobsMax, eventsMax: eventsPerJobMax, eventsRoom });
    if (batches.length === 0) return 'idle';
    for (const { jobId, eventIds } of batches) this.ahead.set(jobId, eventIds.length);
    await this.producer.enqueueBatches(batches);
    return 'idle';
  }

  /**
   * Jobs that wait in BullMQ. Nobody need be asked where all that were handed over have begun and half the places are
   * free: what others left there begins here at once.
   */
  private async waiting(): Promise<number> {
    if (this.ahead.size === 0 && this.load().jobs <= this.settings.jobsConcurrencyMax / 2) return 0;
    const waiting = await this.producer.executionsWaiting();
    // Some may have begun elsewhere.
    if (waiting === 0) this.ahead.clear();
    return waiting;
  }
}
