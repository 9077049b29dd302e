interface Entry<Value> {
  readonly value: Value;
  readonly expiresAtMs: number;
}

/**
 * A map that forgets: entries older than `ttlMs`, and the least recently used one beyond `entriesMax`. Promises may be
 * values; one that fails should be deleted by whoever stored it.
 */
export class BoundedCache<Key, Value> {
  private readonly entries = new Map<Key, Entry<Value>>();

  constructor(
    private readonly entriesMax: number,
    private readonly ttlMs: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  get(key: Key): Value | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    const isExpired = entry.expiresAtMs <= this.nowMs();
    // A map keeps the order of insertion, so the first key is the one that was used longest ago. While half of the room
    // is left nothing has to go soon, and the order need not be kept: a map that changes with every look makes garbage.
    if (!isExpired && this.entries.size * 2 <= this.entriesMax) return entry.value;
    this.entries.delete(key);
    if (isExpired) return undefined;
    this.entries.set(key, entry);
    return entry.value;
  }

  set(key: Key, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, { value, expiresAtMs: this.nowMs() + this.ttlMs });
    if (this.entries.size <= this.entriesMax) return;
    const oldest = this.entries.keys().next();
    if (!oldest.done) this.entries.delete(oldest.value);
  }

  delete(key: Key): void {
    this.entries.delete(key);
  }

  get size(): number {
    return this.entries.size;
  }
}
