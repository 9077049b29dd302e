import type { WrittenEvent } from './written-event.js';

export interface BufferBounds {
  readonly eventsMax: number;
  readonly bytesMax: number;
  /** Given to the reader at once, or a single event that is longer: what the connection waits with is not here. */
  readonly portionBytesMax: number;
}

/** What waits for a reader. When the reader is too slow the oldest go, and how many went is kept. */
export class StreamBuffer {
  #waiting: WrittenEvent[] = [];
  #bytes = 0;
  #dropped = 0;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(private readonly bounds: BufferBounds) {}

  /** Whether as much as half of the bounds fits without dropping anything. */
  get hasRoom(): boolean {
    const { eventsMax, bytesMax } = this.bounds;
    return this.#waiting.length <= eventsMax / 2 && this.#bytes <= bytesMax / 2;
  }

  push(event: WrittenEvent): void {
    if (this.#closed) return;
    this.#waiting.push(event);
    this.#bytes += event.bytes;
    while (this.#waiting.length > this.bounds.eventsMax || this.#bytes > this.bounds.bytesMax) {
      const oldest = this.#waiting.shift();
      if (oldest === undefined) break;
      this.#bytes -= oldest.bytes;
      this.#dropped += oldest.runs;
    }
    this.#wake?.();
  }

  /** Ends the reading, once what waits is read. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** The oldest of what waits and how many runs were dropped before it; undefined at the end. Waits for at most `waitMs`. */
  async take(waitMs: number): Promise<{ readonly text: string; readonly dropped: number } | undefined> {
    if (this.#waiting.length === 0 && this.#dropped === 0 && !this.#closed) await this.#news(waitMs);
    if (this.#waiting.length === 0 && this.#dropped === 0 && this.#closed) return undefined;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return { text: this.#portion(), dropped };
  }

  #portion(): string {
    let bytes = 0;
    const end = this.#waiting.findIndex((event, place) => {
      bytes += event.bytes;
      return place > 0 && bytes > this.bounds.portionBytesMax;
    });
    const portion = this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
    for (const event of portion) this.#bytes -= event.bytes;
    return portion.map((event) => event.text).join('');
  }

  #news(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    this.#wake = resolve;
    return promise.finally(() => {
      clearTimeout(timer);
      this.#wake = undefined;
    });
  }
}
