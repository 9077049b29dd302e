interface Asked<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts questions of many callers as one: those that come while an answer is under way go together with the next. An
 * answer was always read after its question came.
 */
export class SharedQuestions<Key, Answer> {
  private waiting = new Map<Key, Asked<Answer>[]>();
  private asking = false;

  /** @param put - asks for all keys at once; the number says how many callers want the key */
  constructor(
    private readonly put: (keys: ReadonlyMap<Key, number>) => Promise<(key: Key, place: number) => Answer>,
    private readonly keysMax: number,
  ) {}

  /** @throws what asking throws. Callers bound how many of them wait. */
  ask(key: Key): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const asked = this.waiting.get(key);
    if (asked === undefined) this.waiting.set(key, [{ resolve, reject }]);
    else asked.push({ resolve, reject });
    // Behind all that has arrived by now, so that it goes together.
    if (!this.asking) setImmediate(() => void this.next());
    return promise;
  }

  private async next(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    while (this.waiting.size > 0) await this.putSome(this.take());
    this.asking = false;
  }

  private take(): ReadonlyMap<Key, Asked<Answer>[]> {
    const all = this.waiting;
    if (all.size <= this.keysMax) {
      this.waiting = new Map();
      return all;
    }
    const some = new Map([...all].slice(0, this.keysMax));
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
