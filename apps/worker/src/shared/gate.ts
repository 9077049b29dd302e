/** Lets at most `max` pieces of work run at once; the others wait in order. Callers bound how many they send. */
export class Gate {
  private running = 0;
  private readonly waiting: Array<() => void> = [];

  constructor(private readonly max: number) {}

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.running >= this.max) await this.turn();
    else this.running += 1;
    try {
      return await work();
    } finally {
      // The place goes straight to the next in line, so a newcomer cannot take it in between.
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  private turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiting.push(resolve);
    return promise;
  }
}
