/** Whether a reader may still see what its stream shows; asked again and again, because keys and sessions end. */
export class Admission {
  #checkedMs = Date.now();
  #isOver = false;

  /** @param recheck - rejects once the reader may not see anything more */
  constructor(
    private readonly recheck: () => Promise<void>,
    private readonly everyMs: number,
  ) {}

  /** True once the reader was refused; it stays so. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Asks again where the last time is `everyMs` ago. Where nobody can say, the answer is no: a reader may come back. */
  async holds(): Promise<boolean> {
    if (this.#isOver || Date.now() - this.#checkedMs < this.everyMs) return !this.#isOver;
    this.#isOver = await this.recheck().then(
      () => false,
      () => true,
    );
    this.#checkedMs = Date.now();
    return !this.#isOver;
  }
}
