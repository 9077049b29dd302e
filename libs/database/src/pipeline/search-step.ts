/** A step that is done sooner is made twice as large, one that takes longer than the second is made a quarter. */
const quickMs = 8;
const slowMs = 20;

/**
 * How much one step of a search takes on. What a row costs depends on the machine, on what else it does and on what is in
 * memory, so steps grow and shrink with the time that they take rather than by a number that fits one machine.
 */
export class SearchStep {
  #size: number;

  constructor(
    first: number,
    private readonly max: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.#size = first;
  }

  get size(): number {
    return this.#size;
  }

  /** Does a step and learns from it. */
  async timed<Found>(work: (size: number) => Promise<Found>): Promise<Found> {
    const startMs = this.nowMs();
    const found = await work(this.#size);
    const tookMs = this.nowMs() - startMs;
    if (tookMs < quickMs) this.#size = Math.min(this.max, this.#size * 2);
    if (tookMs > slowMs) this.#size = Math.max(1, Math.floor(this.#size / 4));
    return found;
  }
}
