/** An id is the round of its place, times this, plus the place. */
const placesMax = 256;
const roundsMax = 2 ** 24;

interface Entry<Value> {
  readonly id: number;
  readonly value: Value;
}

/**
 * What is in flight, each under an id of 32 bits that no other has had for a long time and that is never 0. It is no
 * `Map`, because a map in which everything stays for a moment makes a new table every few dozen entries, and each table
 * knows the next one: as soon as one of them is old enough for the old space, all that was ever in flight behind it is
 * kept, and copied by every collection of young objects, until the next one of everything.
 */
export class InFlight<Value> {
  private readonly entries: (Entry<Value> | undefined)[] = [];
  private readonly free: number[] = [];
  private round = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** @returns its id. @throws RangeError for more than 256 at once; callers bound how many there are. */
  add(value: Value): number {
    const place = this.free.pop() ?? this.entries.length;
    if (place >= placesMax) throw new RangeError(`more than ${placesMax} executions in flight`);
    this.round = (this.round % (roundsMax - 1)) + 1;
    const id = this.round * placesMax + place;
    this.entries[place] = { id, value };
    this.count += 1;
    return id;
  }

  get(id: number): Value | undefined {
    const entry = this.entries[id % placesMax];
    return entry?.id === id ? entry.value : undefined;
  }

  delete(id: number): void {
    const place = id % placesMax;
    if (this.entries[place]?.id !== id) return;
    this.entries[place] = undefined;
    this.free.push(place);
    this.count -= 1;
  }

  /** In no order. */
  *values(): Iterable<Value> {
    for (const entry of this.entries) if (entry !== undefined) yield entry.value;
  }

  /** Gives back all that is in flight, and forgets it. */
  clear(): readonly Value[] {
    const all = [...this.values()];
    this.entries.length = 0;
    this.free.length = 0;
    this.count = 0;
    return all;
  }
}
