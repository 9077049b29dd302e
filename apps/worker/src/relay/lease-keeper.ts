import type { Database } from '@tenon/database';
import type { DispatchedBatch, FairQueue, QueueProducer } from '@tenon/queue';
import type { StepResult } from '../shared/wakeable-loop.js';
import { toWaiting } from './queue-sweep.js';

/** Jobs in one look. */
const jobsPerLookMax = 100;

/** What a worker has in its hands. */
export interface WorkerLoad {
  readonly jobs: number;
  readonly events: number;
}

/**
 * Looks after batches that gave no sign of life: the relay died before it handed one over, or BullMQ gave a job up that
 * took its workers down. What BullMQ still has is left to it; the events of what it has not go back into line.
 */
export class LeaseKeeper {
  /** Jobs with the number of their events. */
  private readonly running = new Map<string, number>();

  /** Told about each job that begins here. */
  onBegun: (jobId: string) => void = () => undefined;

  constructor(
    private readonly outbox: Pick<Database['outbox'], 'stillReady'>,
    private readonly fair: Pick<FairQueue, 'expired' | 'renew' | 'settle'>,
    private readonly producer: Pick<QueueProducer, 'executionJobsThere'>,
    private readonly onLost: (batch: DispatchedBatch) => Promise<void>,
  ) {}

  /** What is under way. */
  load(): WorkerLoad {
    let events = 0;
    for (const count of this.running.values()) events += count;
    return { jobs: this.running.size, events };
  }

  /** Keeps the lease of a job of so many events for as long as `work` takes. */
  async during<Result>(jobId: string, events: number, work: () => Promise<Result>): Promise<Result> {
    this.running.set(jobId, events);
    this.onBegun(jobId);
    try {
      return await work();
    } finally {
      this.running.delete(jobId);
    }
  }

  async renew(): Promise<StepResult> {
    if (this.running.size > 0) await this.fair.renew([...this.running.keys()]);
    return 'idle';
  }

  async recover(): Promise<StepResult> {
    const expired = await this.fair.expired(jobsPerLookMax);
    if (expired.length === 0) return 'idle';
    const there = await this.producer.executionJobsThere(expired.map(({ jobId }) => jobId));
    if (there.size > 0) await this.fair.renew([...there]);
    for (const batch of expired.filter(({ jobId }) => !there.has(jobId))) await this.takeBack(batch);
    return expired.length === jobsPerLookMax ? 'more' : 'idle';
  }

  private async takeBack(batch: DispatchedBatch): Promise<void> {
    await this.onLost(batch);
    const again = await this.outbox.stillReady(batch.eventIds);
    await this.fair.settle(batch.jobId, batch.tenantId, undefined, again.map(toWaiting));
  }
}
