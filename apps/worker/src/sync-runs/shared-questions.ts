interface Asked<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface SharingOptions {
  /** Keys in one question. */
  readonly keysMax: number;
  /** Under load, questions that come faster than this wait for each other. */
  readonly everyMs: number;
  /** Questions under way at once; beyond that, those that come wait for an answer to another. */
  readonly underWayMax: number;
}

/** Puts questions of many callers as one. An answer was always read after its question came. */
export class SharedQuestions<Key, Answer> {
  private waiting = new Map<Key, Asked<Answer>[]>();
  private underWay = 0;
  private isDue = false;
  private askedAtMs = Number.NEGATIVE_INFINITY;
  /** Whether the last question was that of one caller: then the next one may be, too, and waits for nobody. */
  private wasAlone = true;

  /** @param put - asks for all keys at once; the number says how many callers want the key */
  constructor(
    private readonly put: (keys: ReadonlyMap<Key, number>) => Promise<(key: Key, place: number) => Answer>,
    private readonly options: SharingOptions,
  ) {}

  /** @throws what asking throws. Callers bound how many of them wait. */
  ask(key: Key): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const asked = this.waiting.get(key);
    if (asked === undefined) this.waiting.set(key, [{ resolve, reject }]);
    else asked.push({ resolve, reject });
    this.putSoon();
    return promise;
  }

  private putSoon(): void {
    const { everyMs, underWayMax } = this.options;
    if (this.isDue || this.waiting.size === 0 || this.underWay >= underWayMax) return;
    this.isDue = true;
    const restMs = this.askedAtMs + everyMs - performance.now();
    if (restMs > 0 && !this.wasAlone) setTimeout(() => void this.putNow(), restMs);
    // Behind all that has arrived by now, so that it goes together.
    else setImmediate(() => void this.putNow());
  }

  private async putNow(): Promise<void> {
    const some = this.take();
    this.isDue = false;
    this.underWay += 1;
    this.askedAtMs = performance.now();
    this.wasAlone = some.size === 1 && some.values().every(({ length }) => length === 1);
    this.putSoon();
    await this.putSome(some);
    this.underWay -= 1;
    this.putSoon();
  }

  private take(): ReadonlyMap<Key, Asked<Answer>[]> {
    const all = this.waiting;
    if (all.size <= this.options.keysMax) {
      this.waiting = new Map();
      return all;
    }
    const some = new Map([...all].slice(0, this.options.keysMax));
    for (const key of some.keys()) all.delete(key);
    return some;
  }

  private async putSome(some: ReadonlyMap<Key, Asked<Answer>[]>): Promise<void> {
    try {
      const answer = await this.put(new Map([...some].map(([key, asked]) => [key, asked.length])));
      for (const [key, asked] of some) for (const [place, one] of asked.entries()) one.resolve(answer(key, place));
    } catch (error) {
      for (const asked of some.values()) for (const one of asked) one.reject(error);
    }
  }
}
