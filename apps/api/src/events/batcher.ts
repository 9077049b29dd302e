import { setImmediate } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * After a write that so many shared, the next one waits a moment: those who were just answered mostly have more to say,
 * and else two halves of a crowd take turns and pay twice as many commits.
 */
const crowdCallsMin = 8;
const crowdMs = 2;

/**
 * After a write of so many items its lane rests for as long as the write took, where other lanes write as well: a flood
 * then takes half of what writing takes at most, and whoever sends single events waits for less of it.
 */
const floodItemsMin = 100;
const restMsMax = 50;
/** Other lanes count for so long after their last write. */
const othersMs = 1_000;

interface Waiting<Item, Result> {
  readonly items: readonly Item[];
  readonly resolve: (results: readonly Result[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane<Item, Result> {
  waiting: Waiting<Item, Result>[];

  writing: boolean;
}

export interface BatcherOptions {
  /** Items in one write. */
  readonly itemsMax: number;
  /** Items that may wait over all lanes; more are refused at once rather than kept waiting. */
  readonly waitingItemsMax: number;
}

/** Thrown where too much waits already; nothing was written. */
export class BatcherFullError extends Error {
  constructor() {
    super('too many items wait for their write');
    this.name = 'BatcherFullError';
  }
}

/**
 * Writes what concurrent callers bring in as few calls as possible. Items of one lane (a tenant) go together; while a
 * write runs, the next batch of its lane gathers, so a lone caller waits for nobody and a crowd shares its commits.
 */
export class Batcher<Item, Result> {
  readonly #lanes = new Map<string, Lane<Item, Result>>();
  #waitingItems = 0;
  #lastLane: string | undefined;
  /** When a lane was last followed by another one. */
  #changedMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly write: (lane: string, items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly options: BatcherOptions,
  ) {}

  /**
   * Resolves with one result per item, in order, after the write that carried them.
   *
   * @throws BatcherFullError, and whatever the write threw
   */
  add(lane: string, items: readonly Item[]): Promise<readonly Result[]> {
    if (this.#waitingItems + items.length > this.options.waitingItemsMax) return Promise.reject(new BatcherFullError());
    this.#waitingItems += items.length;
    return new Promise((resolve, reject) => {
      const entry = this.#lanes.get(lane) ?? { waiting: [], writing: false };
      this.#lanes.set(lane, entry);
      entry.waiting.push({ items, resolve, reject });
      if (!entry.writing) {
        entry.writing = true;
        setImmediate(() => void this.#drain(lane, entry));
      }
    });
  }

  async #drain(lane: string, entry: Lane<Item, Result>): Promise<void> {
    while (entry.waiting.length > 0) {
      const calls = this.#take(entry);
      this.#noteLane(lane);
      const startMs = performance.now();
      const items = await this.#writeOnce(lane, calls);
      const restMs = this.#restMs(items, performance.now() - startMs);
      if (restMs > 0 || calls.length >= crowdCallsMin) await delay(Math.max(restMs, crowdMs));
    }
    entry.writing = false;
    this.#lanes.delete(lane);
  }

  #noteLane(lane: string): void {
    if (this.#lastLane !== undefined && lane !== this.#lastLane) this.#changedMs = performance.now();
    this.#lastLane = lane;
  }

  #restMs(items: number, tookMs: number): number {
    const isAlone = performance.now() - this.#changedMs > othersMs;
    return items < floodItemsMin || isAlone ? 0 : Math.min(tookMs, restMsMax);
  }

  /** Whole calls only: the items of one call share one commit. */
  #take(entry: Lane<Item, Result>): readonly Waiting<Item, Result>[] {
    let items = 0;
    let calls = 0;
    for (const { items: own } of entry.waiting) {
      if (calls > 0 && items + own.length > this.options.itemsMax) break;
      items += own.length;
      calls += 1;
    }
    return entry.waiting.splice(0, calls);
  }

  /** @returns how many items it wrote */
  async #writeOnce(lane: string, calls: readonly Waiting<Item, Result>[]): Promise<number> {
    const items = calls.flatMap((call) => call.items);
    try {
      const results = await this.write(lane, items);
      let offset = 0;
      for (const call of calls) {
        call.resolve(results.slice(offset, offset + call.items.length));
        offset += call.items.length;
      }
    } catch (error) {
      for (const call of calls) call.reject(error);
    } finally {
      this.#waitingItems -= items.length;
    }
    return items.length;
  }
}
