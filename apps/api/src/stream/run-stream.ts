import type { ExecutionStreamQuery } from '@tenon/contracts';
import type { FedExecution, FeedPlace } from '@tenon/database';
import { isBefore } from './feed-place.js';
import { runFilter } from './run-filter.js';
import type { StreamBuffer } from './stream-buffer.js';
import type { Follower } from './tenant-feed.js';
import { droppedEvent, executionEvent, type WrittenEvent } from './written-event.js';

/** One reader's view of a feed. */
export class RunStream implements Follower {
  readonly withLogs: boolean;
  readonly #fits: (run: FedExecution) => boolean;
  #place: FeedPlace;

  constructor(
    query: ExecutionStreamQuery,
    readonly buffer: StreamBuffer,
    place: FeedPlace,
  ) {
    this.withLogs = query.logs === 'true';
    this.#fits = runFilter(query);
    this.#place = place;
  }

  get place(): FeedPlace {
    return this.#place;
  }

  get hasRoom(): boolean {
    return this.buffer.hasRoom;
  }

  goTo(place: FeedPlace): FeedPlace {
    this.#place = place;
    return place;
  }

  take(executions: readonly FedExecution[], end: FeedPlace): void {
    for (const run of executions) {
      if (!isBefore(this.#place, run.place)) continue;
      for (const event of this.write(run)) this.buffer.push(event);
    }
    if (isBefore(this.#place, end)) this.#place = end;
  }

  skip(runs: number | undefined, end: FeedPlace): void {
    this.#place = end;
    this.buffer.push(droppedEvent(end, { count: runs ?? null, reason: 'slow_reader' }));
  }

  /** The run as an event; none where it does not fit. */
  write(run: FedExecution): readonly WrittenEvent[] {
    return this.#fits(run) ? [executionEvent(run, this.withLogs)] : [];
  }
}
