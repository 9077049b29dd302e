interface Waiting {
  readonly untilMs: number;
  readonly giveUp: () => void;
  /** Its place among those that wait; it moves. */
  place: number;
}

/** How much later than asked somebody may be told. */
const lookMs = 5;

/**
 * Waits for work no longer than so long each. One look at all that wait, every few milliseconds, takes the place of a
 * timer for each of them: setting and clearing one costs as much as two hashes.
 */
export class Patience {
  private readonly waiting: Waiting[] = [];
  private looking: NodeJS.Timeout | undefined;

  /** What `work` gives, or `late()` once `leftMs` have passed. Callers bound how many wait. @throws what `work` throws */
  within<Result>(work: Promise<Result>, leftMs: number, late: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const one = { untilMs: performance.now() + leftMs, giveUp: () => resolve(late()), place: this.waiting.length };
      this.waiting.push(one);
      this.looking ??= setInterval(() => this.look(), lookMs);
      work.then(
        (result) => {
          this.remove(one);
          resolve(result);
        },
        (error: unknown) => {
          this.remove(one);
          reject(error);
        },
      );
    });
  }

  /** The last one takes its place. */
  private remove(one: Waiting): void {
    const last = this.waiting.at(-1);
    if (last === undefined || this.waiting[one.place] !== one) return;
    this.waiting[one.place] = last;
    last.place = one.place;
    this.waiting.pop();
  }

  private look(): void {
    const nowMs = performance.now();
    for (const one of this.waiting.filter(({ untilMs }) => untilMs <= nowMs)) {
      this.remove(one);
      one.giveUp();
    }
    if (this.waiting.length > 0) return;
    clearInterval(this.looking);
    this.looking = undefined;
  }
}
