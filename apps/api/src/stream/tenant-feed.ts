import { setTimeout as delay } from 'node:timers/promises';
import type { Id } from '@tenon/contracts';
import type { Database, FedExecution, FeedPlace } from '@tenon/database';
import { streamSettings } from './stream-settings.js';

/** Who follows a feed. */
export interface Follower {
  /** Whether it can take another slice without dropping anything. */
  readonly hasRoom: boolean;
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
  readonly #late = new WeakSet<Follower>();
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
    await this.#hand(executions);
    for (const follower of this.#followers) follower.take([], end);
    if (!more) return;
    this.#again = true;
    const newest = await this.feed.end(this.tenantId);
    if (newest.seq - end.seq <= entriesMax * readsBehindMax) return;
    const skipped = await this.feed.count(this.tenantId, end, newest, resumeEntriesMax);
    this.#place = newest;
    for (const follower of this.#followers) follower.skip(skipped, newest);
  }

  /** Gives out a slice at a time, so that who reads as fast as it comes misses nothing. */
  async #hand(executions: readonly FedExecution[]): Promise<void> {
    for (const slice of slicesOf(executions)) {
      const end = slice.at(-1)?.place ?? this.#place;
      for (const follower of this.#followers) follower.take(slice, end);
      await this.#untilRoom();
    }
  }

  /** Waits for those who keep up. Who did not in the time for it is not waited for again before it has room. */
  async #untilRoom(): Promise<void> {
    const untilMs = performance.now() + streamSettings.roomWaitMsMax;
    while (this.#isCrowded() && performance.now() < untilMs) await delay(1);
    for (const follower of this.#followers) {
      if (follower.hasRoom) this.#late.delete(follower);
      else this.#late.add(follower);
    }
  }

  #isCrowded(): boolean {
    for (const follower of this.#followers) if (!follower.hasRoom && !this.#late.has(follower)) return true;
    return false;
  }
}

/** Parts of what was read, each no larger than half of what waits for a reader. */
function* slicesOf(executions: readonly FedExecution[]): Generator<readonly FedExecution[]> {
  let from = 0;
  let bytes = 0;
  for (const [at, run] of executions.entries()) {
    bytes += summaryBytes + Buffer.byteLength(run.log);
    if (bytes <= streamSettings.bufferBytesMax / 2 && at - from < streamSettings.bufferEventsMax / 2) continue;
    yield executions.slice(from, at + 1);
    from = at + 1;
    bytes = 0;
  }
  if (from < executions.length) yield executions.slice(from);
}

/** About what a run without its log takes in a stream. */
const summaryBytes = 700;
/** A feed that is this many parts behind goes on at the end. */
const readsBehindMax = 20;
