interface Waiting {
  readonly untilMs: number;
  readonly giveUp: () => void;
}

/** How much later than asked somebody may be told. */
const lookMs = 5;

/**
 * Waits for work no longer than so long each. One look at all that wait, every few milliseconds, takes the place of a
 * timer for each of them: setting and clearing one costs as much as two hashes.
 */
export class Patience {
  private readonly waiting = new Set<Waiting>();
  private looking: NodeJS.Timeout | undefined;

  /** What `work` gives, or `late()` once `leftMs` have passed. Callers bound how many wait. @throws what `work` throws */
  within<Result>(work: Promise<Result>, leftMs: number, late: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const one = { untilMs: performance.now() + leftMs, giveUp: () => resolve(late()) };
      this.waiting.add(one);
      this.looking ??= setInterval(() => this.look(), lookMs);
      work.then(
        (result) => {
          this.waiting.delete(one);
          resolve(result);
        },
        (error: unknown) => {
          this.waiting.delete(one);
          reject(error);
        },
      );
    });
  }

  private look(): void {
    const nowMs = performance.now();
    for (const one of this.waiting) {
      if (one.untilMs > nowMs) continue;
      this.waiting.delete(one);
      one.giveUp();
    }
    if (this.waiting.size > 0) return;
    clearInterval(this.looking);
    this.looking = undefined;
  }
}
