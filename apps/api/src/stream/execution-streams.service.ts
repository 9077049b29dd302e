import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  type DroppedExecutions,
  type ExecutionStreamQuery,
  type Id,
  ProblemError,
  type StreamedExecution,
} from '@tenon/contracts';
import type { Database, FedExecution, FeedPlace } from '@tenon/database';
import type { QueueProducer } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { summaryAnswer } from '../executions/summary-answer.js';
import { DATABASE, LOGGER, QUEUE } from '../platform/tokens.js';
import { isBefore, placeOf, placeText } from './feed-place.js';
import { runFilter } from './run-filter.js';
import { StreamBuffer, type WrittenEvent } from './stream-buffer.js';
import { streamSettings } from './stream-settings.js';
import { type Follower, TenantFeed } from './tenant-feed.js';

/** A stream as it is asked for. */
export interface StreamRequest {
  readonly tenantId: Id<'tenant'>;
  readonly query: ExecutionStreamQuery;
  readonly lastEventId: string | undefined;
  /** Ends the stream. */
  readonly signal: AbortSignal;
  /** Rejects once the caller may not see the tenant's runs any more. */
  readonly recheck: () => Promise<void>;
}

/**
 * Shows runs as they are recorded. The order is that of the tenant's audit chain, which has no gap, so a stream goes on
 * after a broken connection or in another process without missing a run or showing one twice.
 */
@Injectable()
export class ExecutionStreamsService implements OnModuleInit, OnModuleDestroy {
  readonly #feeds = new Map<Id<'tenant'>, Promise<TenantFeed>>();
  readonly #buffers = new Set<StreamBuffer>();
  readonly #streams = new Map<Id<'tenant'>, number>();
  #stopListening: (() => void) | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor(
    @Inject(DATABASE) private readonly database: Pick<Database, 'executionFeed'>,
    @Inject(QUEUE) private readonly queue: Pick<QueueProducer, 'onRecorded'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.#stopListening = this.queue.onRecorded((tenantIds) => {
      for (const tenantId of tenantIds.length === 0 ? this.#feeds.keys() : tenantIds) this.#wake(tenantId);
    });
    this.#poll = setInterval(() => {
      for (const tenantId of this.#feeds.keys()) this.#wake(tenantId);
    }, streamSettings.pollMs);
  }

  /** Ends the streams, so that the server can close. */
  onModuleDestroy(): void {
    this.#stopListening?.();
    clearInterval(this.#poll);
    for (const buffer of this.#buffers) buffer.close();
  }

  /**
   * Server-sent events as text: `execution` and `dropped`.
   *
   * @throws ProblemError `rate_limited` where too many streams are open
   */
  async open(request: StreamRequest): Promise<AsyncIterable<string>> {
    const { tenantId, signal } = request;
    const buffer = this.#admit(tenantId);
    const end = once(() => this.#forget(tenantId, buffer));
    signal.addEventListener('abort', end, { once: true });
    try {
      const feed = await this.#feedOf(tenantId);
      if (signal.aborted) end();
      return this.#events(
        request,
        feed,
        new RunStream(request.query, buffer, startOf(request.lastEventId, feed.place)),
        end,
      );
    } catch (error) {
      end();
      throw error;
    }
  }

  #admit(tenantId: Id<'tenant'>): StreamBuffer {
    const ofTenant = this.#streams.get(tenantId) ?? 0;
    const { streamsMax, streamsPerTenantMax, bufferEventsMax, bufferBytesMax } = streamSettings;
    if (ofTenant >= streamsPerTenantMax || this.#buffers.size >= streamsMax) {
      throw new ProblemError('rate_limited', `At most ${streamsPerTenantMax} streams of a tenant may be open at once.`);
    }
    const buffer = new StreamBuffer({ eventsMax: bufferEventsMax, bytesMax: bufferBytesMax });
    this.#buffers.add(buffer);
    this.#streams.set(tenantId, ofTenant + 1);
    return buffer;
  }

  async *#events(request: StreamRequest, feed: TenantFeed, stream: RunStream, end: () => void): AsyncGenerator<string> {
    try {
      yield `retry: 1000\nid: ${placeText(stream.place)}\n\n`;
      yield* this.#catchUp(request.tenantId, feed, stream);
      if (request.query.follow === 'false') return;
      // Nothing may be awaited between the last look at the feed's place and this.
      feed.follow(stream);
      feed.wake();
      yield* this.#live(request, stream);
    } finally {
      feed.leave(stream);
      end();
    }
  }

  /** Shows what was recorded between the place to go on from and the place of those who follow already. */
  async *#catchUp(tenantId: Id<'tenant'>, feed: TenantFeed, stream: RunStream): AsyncGenerator<string> {
    const { resumeEntriesMax, resumeRunsMax, entriesPerReadMax: entriesMax, runsPerReadMax: runsMax } = streamSettings;
    if (feed.place.seq - stream.place.seq > resumeEntriesMax) {
      yield droppedEvent(stream.goTo(feed.place), { count: null, reason: 'too_long_ago' });
    }
    let shown = 0;
    while (isBefore(stream.place, feed.place) && shown < resumeRunsMax) {
      const target = feed.place;
      const part = await this.database.executionFeed.read(tenantId, stream.place, { entriesMax, runsMax });
      shown += part.executions.length;
      const text = part.executions
        .flatMap((run) => stream.write(run))
        .map((event) => event.text)
        .join('');
      // A part that holds all there was reaches at least to where the feed had been.
      stream.goTo(part.more || isBefore(target, part.end) ? part.end : target);
      if (text !== '') yield text;
    }
    if (!isBefore(stream.place, feed.place)) return;
    const count = await this.database.executionFeed.count(tenantId, stream.place, feed.place, resumeEntriesMax);
    yield droppedEvent(stream.goTo(feed.place), { count: count ?? null, reason: 'too_long_ago' });
  }

  async *#live({ recheck }: StreamRequest, stream: RunStream): AsyncGenerator<string> {
    let checkedMs = Date.now();
    for (;;) {
      const taken = await stream.buffer.take(streamSettings.heartbeatMs);
      if (taken === undefined) return;
      if (Date.now() - checkedMs >= streamSettings.recheckMs) {
        await recheck();
        checkedMs = Date.now();
      }
      const place = placeText(stream.place);
      if (taken.dropped > 0) yield droppedEvent(stream.place, { count: taken.dropped, reason: 'slow_reader' }, false);
      yield taken.text === '' ? `id: ${place}\n: still there\n\n` : taken.text;
    }
  }

  #feedOf(tenantId: Id<'tenant'>): Promise<TenantFeed> {
    const known = this.#feeds.get(tenantId);
    if (known !== undefined) return known;
    const onError = (error: unknown) => this.logger.warn({ err: error, tenantId }, 'a stream could not be read on');
    const opening = this.database.executionFeed
      .end(tenantId)
      .then((place) => new TenantFeed(tenantId, this.database.executionFeed, place, onError));
    this.#feeds.set(tenantId, opening);
    opening.catch(() => this.#feeds.delete(tenantId));
    return opening;
  }

  #wake(tenantId: Id<'tenant'>): void {
    this.#feeds.get(tenantId)?.then(
      (feed) => feed.wake(),
      () => undefined,
    );
  }

  #forget(tenantId: Id<'tenant'>, buffer: StreamBuffer): void {
    buffer.close();
    this.#buffers.delete(buffer);
    const streams = (this.#streams.get(tenantId) ?? 1) - 1;
    if (streams > 0) {
      this.#streams.set(tenantId, streams);
      return;
    }
    this.#streams.delete(tenantId);
    this.#feeds.delete(tenantId);
  }
}

/** A place of which nothing can have been given out yet is none of ours. */
function startOf(lastEventId: string | undefined, end: FeedPlace): FeedPlace {
  const asked = placeOf(lastEventId);
  return asked === undefined || isBefore(end, asked) ? end : asked;
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}

/** One reader's view of a feed. */
class RunStream implements Follower {
  readonly #fits: (run: FedExecution) => boolean;
  readonly #withLogs: boolean;
  #place: FeedPlace;

  constructor(
    query: ExecutionStreamQuery,
    readonly buffer: StreamBuffer,
    place: FeedPlace,
  ) {
    this.#fits = runFilter(query);
    this.#withLogs = query.logs === 'true';
    this.#place = place;
  }

  get place(): FeedPlace {
    return this.#place;
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
    const text = droppedEvent(end, { count: runs ?? null, reason: 'slow_reader' });
    this.buffer.push({ text, runs: runs ?? 0 });
  }

  /** The run as an event; none where it does not fit. */
  write(run: FedExecution): readonly WrittenEvent[] {
    if (!this.#fits(run)) return [];
    const data: StreamedExecution = { ...summaryAnswer(run), ...(this.#withLogs ? { log: run.log } : {}) };
    return [{ text: `id: ${placeText(run.place)}\nevent: execution\ndata: ${JSON.stringify(data)}\n\n`, runs: 1 }];
  }
}

/** Without its place, a reader that breaks off here goes on behind what it got last. */
function droppedEvent(place: FeedPlace, data: DroppedExecutions, withPlace = true): string {
  return `${withPlace ? `id: ${placeText(place)}\n` : ''}event: dropped\ndata: ${JSON.stringify(data)}\n\n`;
}
