import type { Id } from '@tenon/contracts';
import type { Database, FedExecution, FeedPlace } from '@tenon/database';
import { streamSettings } from './stream-settings.js';

/** Who follows a feed. */
export interface Follower {
  take(executions: readonly FedExecution[], end: FeedPlace): void;
  /** Runs that nobody read, because there were too many at once. */
  skip(runs: number | undefined, end: FeedPlace): void;
}

/**
 * Reads what is recorded for one tenant, once for all who follow: a thousand streams cost the database what one does.
 * It never has more than one part in hand, and when recording is faster than reading it goes on at the end and says how
 * many it left out.
 */
export class TenantFeed {
  readonly #followers = new Set<Follower>();
  #place: FeedPlace;
  #reading = false;
  #again = false;

  constructor(
    private readonly tenantId: Id<'tenant'>,
    private readonly feed: Database['executionFeed'],
    place: FeedPlace,
    private readonly onError: (error: unknown) => void,
  ) {
    this.#place = place;
  }

  get place(): FeedPlace {
    return this.#place;
  }

  follow(follower: Follower): void {
    this.#followers.add(follower);
  }

  leave(follower: Follower): void {
    this.#followers.delete(follower);
  }

  /** There may be news. Calls are merged. */
  wake(): void {
    this.#again = true;
    if (!this.#reading) void this.#readOn();
  }

  async #readOn(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#again && this.#followers.size > 0) {
        this.#again = false;
        await this.#readPart();
      }
    } catch (error) {
      this.onError(error);
    } finally {
      this.#reading = false;
    }
  }

  async #readPart(): Promise<void> {
    const { entriesPerReadMax: entriesMax, runsPerReadMax: runsMax, resumeEntriesMax } = streamSettings;
    const { executions, end, more } = await this.feed.read(this.tenantId, this.#place, { entriesMax, runsMax });
    this.#place = end;
    for (const follower of this.#followers) follower.take(executions, end);
    if (!more) return;
    this.#again = true;
    const newest = await this.feed.end(this.tenantId);
    if (newest.seq - end.seq <= entriesMax * readsBehindMax) return;
    const skipped = await this.feed.count(this.tenantId, end, newest, resumeEntriesMax);
    this.#place = newest;
    for (const follower of this.#followers) follower.skip(skipped, newest);
  }
}

/** A feed that is this many parts behind goes on at the end. */
const readsBehindMax = 20;
