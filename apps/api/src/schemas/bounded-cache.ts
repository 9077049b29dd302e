/** A map that forgets what was not asked for longest, and everything that is older than its age. */
export class BoundedCache<Key, Value> {
  readonly #entries = new Map<Key, { readonly value: Value; readonly untilMs: number }>();

  constructor(
    private readonly entriesMax: number,
    /** Infinity for values that never go stale. */
    private readonly ageMsMax: number,
    private readonly now: () => number = Date.now,
  ) {}

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.untilMs <= this.now()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, untilMs: this.now() + this.ageMsMax });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.entriesMax) break;
      this.#entries.delete(oldest);
    }
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  get size(): number {
    return this.#entries.size;
  }
}
