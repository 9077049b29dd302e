/** One server-sent event, written out. */
export interface WrittenEvent {
  readonly text: string;
  /** Runs that go with it when it is dropped. */
  readonly runs: number;
}

export interface BufferBounds {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

/** What waits for a reader. When the reader is too slow the oldest go, and how many went is kept. */
export class StreamBuffer {
  #waiting: WrittenEvent[] = [];
  #bytes = 0;
  #dropped = 0;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(private readonly bounds: BufferBounds) {}

  push(event: WrittenEvent): void {
    if (this.#closed) return;
    this.#waiting.push(event);
    this.#bytes += event.text.length;
    while (this.#waiting.length > this.bounds.eventsMax || this.#bytes > this.bounds.bytesMax) {
      const oldest = this.#waiting.shift();
      if (oldest === undefined) break;
      this.#bytes -= oldest.text.length;
      this.#dropped += oldest.runs;
    }
    this.#wake?.();
  }

  /** Ends the reading, once what waits is read. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** Everything that waits and how many runs were dropped before it; undefined at the end. Waits for at most `waitMs`. */
  async take(waitMs: number): Promise<{ readonly text: string; readonly dropped: number } | undefined> {
    if (this.#waiting.length === 0 && this.#dropped === 0 && !this.#closed) await this.#news(waitMs);
    if (this.#waiting.length === 0 && this.#dropped === 0 && this.#closed) return undefined;
    const taken = { text: this.#waiting.map((event) => event.text).join(''), dropped: this.#dropped };
    this.#waiting = [];
    this.#bytes = 0;
    this.#dropped = 0;
    return taken;
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
