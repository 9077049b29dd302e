import { Inject, Injectable } from '@nestjs/common';
import type { FairQueue, WaitingEvent } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { FAIR_QUEUE, LOGGER } from '../platform/tokens.js';

/** Events that may wait for their offer while Redis is slow or away; the worker's sweep finds what is beyond. */
const waitingMax = 20_000;

/**
 * Puts committed events in line for their run. Callers don't wait for it, because nothing is lost when it fails: the
 * worker compares Postgres with the queue. What comes while one offer is under way goes with the next one.
 */
@Injectable()
export class EventLine {
  #waiting: WaitingEvent[] = [];
  #offering = false;

  constructor(
    @Inject(FAIR_QUEUE) private readonly fair: FairQueue,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  add(events: readonly WaitingEvent[]): void {
    const room = Math.max(0, waitingMax - this.#waiting.length);
    for (const event of events.slice(0, room)) this.#waiting.push(event);
    if (!this.#offering && this.#waiting.length > 0) void this.#offerAll();
  }

  async #offerAll(): Promise<void> {
    this.#offering = true;
    while (this.#waiting.length > 0) {
      const events = this.#waiting;
      this.#waiting = [];
      try {
        await this.fair.offer(events);
      } catch (error) {
        this.logger.warn(
          { err: error, events: events.length },
          'events could not be offered; the worker will find them',
        );
      }
    }
    this.#offering = false;
  }
}
