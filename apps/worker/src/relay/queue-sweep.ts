import type { Database, OutboxEvent } from '@tenon/database';
import type { FairQueue, QueueProducer, WaitingEvent } from '@tenon/queue';
import type { StepResult } from '../shared/wakeable-loop.js';
import type { RelaySettings } from './relay-settings.js';

/** Before every id. */
const start = '';

/**
 * Offers what Postgres has to the queue, because Postgres is the truth: an api may have died between its commit and its
 * offer, and Redis may have lost some or all of what it had. An event that the queue knows is not added twice, so
 * nothing needs to be asked first.
 */
export class QueueSweep {
  private at = start;
  private rebuilding = false;

  constructor(
    private readonly outbox: Pick<Database['outbox'], 'readyAfter' | 'newestReady'>,
    private readonly fair: Pick<FairQueue, 'offer'>,
    private readonly producer: Pick<QueueProducer, 'markRedis'>,
    private readonly settings: RelaySettings,
    private readonly onRedisEmpty: () => void,
  ) {}

  /** One look: the newest events, and a part of all others. After a loss of Redis, all of them one after the other. */
  async step(): Promise<StepResult> {
    if (!(await this.producer.markRedis())) this.rebuild();
    const { sweepAgeMs, sweepEventsMax } = this.settings;
    const ageMs = this.rebuilding ? 0 : sweepAgeMs;
    const newest = this.rebuilding ? [] : await this.outbox.newestReady(ageMs, sweepEventsMax);
    if (newest.length > 0) await this.fair.offer(newest.map(toWaiting));
    // Where there are few, the newest were all.
    if (!this.rebuilding && newest.length < sweepEventsMax) return 'idle';
    const part = await this.outbox.readyAfter(this.at, ageMs, sweepEventsMax);
    if (part.length > 0) await this.fair.offer(part.map(toWaiting));
    const end = part.length < sweepEventsMax;
    this.at = end ? start : (part.at(-1)?.id ?? start);
    const more = this.rebuilding && !end;
    if (end) this.rebuilding = false;
    return more ? 'more' : 'idle';
  }

  private rebuild(): void {
    this.rebuilding = true;
    this.at = start;
    this.onRedisEmpty();
  }
}

/** An event of Postgres as the queue takes it. */
export function toWaiting({ id, tenantId, priority, notBefore }: OutboxEvent): WaitingEvent {
  return { id, tenantId, priority, ...(notBefore === null ? {} : { notBeforeMs: notBefore.getTime() }) };
}
