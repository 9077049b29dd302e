import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type ExecutionStreamQuery, type Id, ProblemError } from '@tenon/contracts';
import type { Database, FeedPlace, ListedPart } from '@tenon/database';
import type { QueueProducer } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { DATABASE, LOGGER, QUEUE } from '../platform/tokens.js';
import { Admission } from './admission.js';
import { isBefore, placeOf, placeText } from './feed-place.js';
import { RunStream } from './run-stream.js';
import { StreamBuffer } from './stream-buffer.js';
import { streamSettings } from './stream-settings.js';
import { TenantFeed } from './tenant-feed.js';
import { droppedEvent, droppedText } from './written-event.js';

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
    const { streamsMax, streamsPerTenantMax, bufferEventsMax, bufferBytesMax, portionBytesMax } = streamSettings;
    if (ofTenant >= streamsPerTenantMax || this.#buffers.size >= streamsMax) {
      throw new ProblemError('rate_limited', `At most ${streamsPerTenantMax} streams of a tenant may be open at once.`);
    }
    const buffer = new StreamBuffer({ eventsMax: bufferEventsMax, bytesMax: bufferBytesMax, portionBytesMax });
    this.#buffers.add(buffer);
    this.#streams.set(tenantId, ofTenant + 1);
    return buffer;
  }

  async *#events(request: StreamRequest, feed: TenantFeed, stream: RunStream, end: () => void): AsyncGenerator<string> {
    const admission = new Admission(request.recheck, streamSettings.recheckMs);
    try {
      yield `retry: 1000\nid: ${placeText(stream.place)}\n\n`;
      yield* this.#catchUp(request.tenantId, feed, stream, admission);
      if (request.query.follow === 'false' || admission.isOver) return;
      // Nothing may be awaited between the last look at the feed's place and this.
      feed.follow(stream);
      feed.wake();
      yield* this.#live(stream, admission);
    } finally {
      feed.leave(stream);
      end();
    }
  }

  /** Shows what was recorded between the place to go on from and the place of those who follow already. */
  async *#catchUp(
    tenantId: Id<'tenant'>,
    feed: TenantFeed,
    stream: RunStream,
    admission: Admission,
  ): AsyncGenerator<string> {
    const { resumeEntriesMax, resumeRunsMax, entriesPerReadMax: entriesMax, runsPerReadMax: runsMax } = streamSettings;
    if (feed.place.seq - stream.place.seq > resumeEntriesMax) {
      yield droppedEvent(stream.goTo(feed.place), { count: null, reason: 'too_long_ago' }).text;
    }
    let shown = 0;
    // Others may move the feed on whenever this stream waits, so its place is looked at anew after each wait.
    while (isBefore(stream.place, feed.place)) {
      const target = feed.place;
      if (shown >= resumeRunsMax) {
        const count = await this.database.executionFeed.count(tenantId, stream.place, target, resumeEntriesMax);
        yield droppedEvent(stream.goTo(target), { count: count ?? null, reason: 'too_long_ago' }).text;
        shown = 0;
        continue;
      }
      const part = await this.database.executionFeed.list(tenantId, stream.place, { entriesMax, runsMax });
      shown += part.runs.length;
      yield* this.#show(tenantId, part, stream, admission);
      if (admission.isOver) return;
      // A part that holds all there was reaches at least to where the feed had been.
      stream.goTo(part.more || isBefore(target, part.end) ? part.end : target);
    }
  }

  /** Reads few runs at a time, each few only when the reader has taken those before and may still see them. */
  async *#show(
    tenantId: Id<'tenant'>,
    { runs }: ListedPart,
    stream: RunStream,
    admission: Admission,
  ): AsyncGenerator<string> {
    const { withLogs, plain } = streamSettings.runsInHandMax;
    const atOnce = stream.withLogs ? withLogs : plain;
    for (let at = 0; at < runs.length; at += atOnce) {
      const few = runs.slice(at, at + atOnce);
      const found = await this.database.executionFeed.find(tenantId, few, stream.withLogs);
      const text = found
        .flatMap((run) => stream.write(run))
        .map((event) => event.text)
        .join('');
      if (!(await admission.holds())) return;
      if (text !== '') yield text;
    }
  }

  async *#live(stream: RunStream, admission: Admission): AsyncGenerator<string> {
    for (;;) {
      const taken = await stream.buffer.take(streamSettings.heartbeatMs);
      if (taken === undefined || !(await admission.holds())) return;
      if (taken.dropped > 0) yield droppedText({ count: taken.dropped, reason: 'slow_reader' });
      yield taken.text === '' ? `id: ${placeText(stream.place)}\n: still there\n\n` : taken.text;
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
