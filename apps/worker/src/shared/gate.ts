/**
 * Lets at most `max` pieces of work run at once. The others wait in lanes, each in order, and lanes take turns: a lane
 * with one piece waits for one piece of every other lane, however much those have. Callers bound how many they send.
 */
export class Gate {
  private running = 0;
  /** Lanes in which somebody waits, the next one first. */
  private readonly lanes = new Map<string, Array<() => void>>();

  constructor(private readonly max: number) {}

  /** Whoever enters has to {@link leave}. @returns what is to be waited for before, where all places are taken */
  enter(lane: string): Promise<void> | undefined {
    if (this.running >= this.max) return this.turn(lane);
    this.running += 1;
    return undefined;
  }

  leave(): void {
    // The place goes straight to the next in line, so a newcomer cannot take it in between.
    const next = this.next();
    if (next === undefined) this.running -= 1;
    else next();
  }

  private turn(lane: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.lanes.get(lane);
    if (waiting === undefined) this.lanes.set(lane, [resolve]);
    else waiting.push(resolve);
    return promise;
  }

  private next(): (() => void) | undefined {
    // A map keeps the order of insertion, so a lane that had its turn goes to the end by being put in again.
    const [first] = this.lanes;
    if (first === undefined) return undefined;
    const [lane, waiting] = first;
    const next = waiting.shift();
    this.lanes.delete(lane);
    if (waiting.length > 0) this.lanes.set(lane, waiting);
    return next;
  }
}
