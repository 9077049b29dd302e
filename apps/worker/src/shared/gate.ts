import { type Load, Loads, learn } from './loads.js';

export interface GateBounds {
  /** Pieces of work at once. */
  readonly max: number;
  /** Milliseconds of work at once, by what a piece of its lane took lately; none where it is left out. */
  readonly workMsMax?: number;
  /** So many pieces go in whatever they take. */
  readonly atLeast?: number;
}

/**
 * Lets a bounded amount of work run at once. The rest waits in lanes, each in order, and lanes take turns: a lane with
 * one piece waits for one piece of every other lane, however much those have. What has gone in is out of the reach of
 * turns, so of slow work less goes in. Callers bound how many they send.
 */
export class Gate {
  private running = 0;
  /** What is inside takes so long, one after the other. */
  private workMs = 0;
  private readonly loads = new Loads();
  /** Lanes in which somebody waits, the next one first. */
  private readonly lanes = new Map<string, Array<() => void>>();
  private readonly bounds: Required<GateBounds>;

  constructor({ max, workMsMax = Number.POSITIVE_INFINITY, atLeast = 1 }: GateBounds) {
    this.bounds = { max, workMsMax, atLeast };
  }

  /** Whoever enters has to {@link leave}. @returns what is to be waited for before, where there is no room */
  enter(lane: string): Promise<void> | undefined {
    const load = this.loads.of(lane);
    if (this.lanes.size > 0 || !this.hasRoom(load)) return this.turn(lane);
    this.begin(load);
    return undefined;
  }

  /** @param tookMs - 0 where nobody knows */
  leave(lane: string, tookMs: number): void {
    const load = this.loads.of(lane);
    load.count -= 1;
    this.running -= 1;
    this.workMs -= load.averageMs;
    if (tookMs > 0) this.workMs += learn(load, tookMs) * load.count;
    // Sums of fractions drift.
    if (this.running === 0) this.workMs = 0;
    // The place goes straight to the next in line, so a newcomer cannot take it in between.
    while (this.letNextIn());
  }

  private hasRoom({ averageMs }: Load): boolean {
    const { max, workMsMax, atLeast } = this.bounds;
    return this.running < max && (this.running < atLeast || this.workMs + averageMs <= workMsMax);
  }

  private begin(load: Load): void {
    load.count += 1;
    this.running += 1;
    this.workMs += load.averageMs;
  }

  private turn(lane: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.lanes.get(lane);
    if (waiting === undefined) this.lanes.set(lane, [resolve]);
    else waiting.push(resolve);
    return promise;
  }

  private letNextIn(): boolean {
    // A map keeps the order of insertion, so a lane that had its turn goes to the end by being put in again.
    const [first] = this.lanes;
    if (first === undefined) return false;
    const [lane, waiting] = first;
    const load = this.loads.of(lane);
    if (!this.hasRoom(load)) return false;
    const next = waiting.shift();
    // Not for a lane that is alone: a map that is written for each run keeps the collector busy.
    if (waiting.length === 0 || this.lanes.size > 1) this.lanes.delete(lane);
    if (waiting.length > 0) this.lanes.set(lane, waiting);
    this.begin(load);
    next?.();
    return true;
  }
}
