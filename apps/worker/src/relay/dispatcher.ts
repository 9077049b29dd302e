import type { FairQueue, QueueProducer } from '@tenon/queue';
import type { StepResult } from '../shared/wakeable-loop.js';
import type { WorkerLoad } from './lease-keeper.js';
import type { RelaySettings } from './relay-settings.js';

export interface DispatcherSettings
  extends Pick<
    RelaySettings,
    | 'jobsWaitingMax'
    | 'eventsPerJobMax'
    | 'eventsAtOnceMax'
    | 'eventsBesideOthersMax'
    | 'gatherFromEvents'
    | 'gatherMs'
    | 'newcomerGatherMs'
    | 'othersMs'
  > {
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
  private dispatchedAtMs = Number.NEGATIVE_INFINITY;
  /** When a tenant last came that had nothing in hand while this worker was busy for others. */
  private newcomerAtMs = Number.NEGATIVE_INFINITY;
  /** One has come since the last look. */
  private isAwaited = false;
  /** Whether the last look that found something took all there was. */
  private tookAll = false;

  constructor(
    private readonly fair: Pick<FairQueue, 'dispatch'>,
    private readonly producer: Pick<QueueProducer, 'executionsWaiting' | 'enqueueBatches'>,
    private readonly settings: DispatcherSettings,
    private readonly load: () => WorkerLoad,
  ) {}

  /**
   * A tenant that had nothing in line or in hand has an event now. While the worker is busy for others, such a tenant is
   * looked for sooner, and for a while those others get fewer events into the worker's hands.
   */
  newcomer(): void {
    if (this.eventsInHand() < this.settings.gatherFromEvents) return;
    this.newcomerAtMs = performance.now();
    this.isAwaited = true;
  }

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
    const restMs = this.gatheringMs();
    if (restMs > 0) return restMs;
    this.isAwaited = false;
    const jobsMax = await this.places();
    if (jobsMax <= 0) return 'idle';
    const eventsRoom = this.eventsMax() - this.eventsInHand();
    const batches = await this.fair.dispatch({ jobsMax, eventsMax: this.settings.eventsPerJobMax, eventsRoom });
    if (batches.length === 0) return 'idle';
    this.dispatchedAtMs = performance.now();
    const events = batches.reduce((sum, { eventIds }) => sum + eventIds.length, 0);
    this.tookAll = batches.length < jobsMax && events < eventsRoom;
    for (const { jobId, eventIds } of batches) this.ahead.set(jobId, eventIds.length);
    await this.producer.enqueueBatches(batches);
    return 'idle';
  }

  private eventsInHand(): number {
    return this.ahead.values().reduce((sum, count) => sum + count, this.load().events);
  }

  private eventsMax(): number {
    const { eventsAtOnceMax, eventsBesideOthersMax, othersMs } = this.settings;
    return performance.now() - this.newcomerAtMs < othersMs ? eventsBesideOthersMax : eventsAtOnceMax;
  }

  /** Where there is a line, a worker with little to do lets nothing gather: it takes what it has places for. */
  private gatheringMs(): number {
    const { gatherFromEvents, gatherMs, newcomerGatherMs } = this.settings;
    if (!this.tookAll && this.eventsInHand() < gatherFromEvents) return 0;
    return Math.max(0, this.dispatchedAtMs + (this.isAwaited ? newcomerGatherMs : gatherMs) - performance.now());
  }

  /**
   * For jobs that may be handed over. BullMQ is asked only where those that were handed over and have not begun here
   * leave no room: they may have begun elsewhere.
   */
  private async places(): Promise<number> {
    const { jobsWaitingMax, jobsConcurrencyMax } = this.settings;
    const placesMax = jobsWaitingMax + jobsConcurrencyMax - this.load().jobs;
    const isFull = this.ahead.size >= placesMax || this.eventsInHand() >= this.eventsMax();
    if (this.ahead.size === 0 || !isFull) return placesMax - this.ahead.size;
    const waiting = await this.producer.executionsWaiting();
    if (waiting === 0) this.ahead.clear();
    return placesMax - waiting;
  }
}
