import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';

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
  private askedAtMs = Number.NEGATIVE_INFINITY;
  /** Whether the last question was that of one caller: then the next one may be, too, and waits for nobody. */
  private wasAlone = true;

  /**
   * @param put - asks for all keys at once; the number says how many callers want the key
   * @param everyMs - under load, questions that come faster than this wait for each other
   */
  constructor(
    private readonly put: (keys: ReadonlyMap<Key, number>) => Promise<(key: Key, place: number) => Answer>,
    private readonly keysMax: number,
    private readonly everyMs: number,
  ) {}

  /** @throws what asking throws. Callers bound how many of them wait. */
  ask(key: Key): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const asked = this.waiting.get(key);
    if (asked === undefined) this.waiting.set(key, [{ resolve, reject }]);
    else asked.push({ resolve, reject });
    if (!this.asking) {
      this.asking = true;
      void this.putAll();
    }
    return promise;
  }

  private async putAll(): Promise<void> {
    while (this.waiting.size > 0) {
      const sinceMs = performance.now() - this.askedAtMs;
      // Behind all that has arrived by now, so that it goes together.
      await (sinceMs < this.everyMs && !this.wasAlone ? delay(this.everyMs - sinceMs) : immediate());
      this.askedAtMs = performance.now();
      const some = this.take();
      this.wasAlone = some.size === 1 && some.values().every(({ length }) => length === 1);
      await this.putSome(some);
    }
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
