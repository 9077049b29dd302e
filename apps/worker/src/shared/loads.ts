/** What somebody has under way, and what a piece of it takes. */
export interface Load {
  count: number;
  averageMs: number;
}

/** How fast an average follows. */
const weight = 0.1;
/** Who has nothing under way is remembered among so many. */
const namesMax = 1_000;
/** What a piece is taken to be before one has ended. */
const firstMs = 1;

/** Loads by name, such as a tenant's. */
export class Loads {
  private readonly known = new Map<string, Load>();

  of(name: string): Load {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    if (this.known.size >= namesMax) this.forgetOne();
    const load = { count: 0, averageMs: firstMs };
    this.known.set(name, load);
    return load;
  }

  all(): Iterable<Load> {
    return this.known.values();
  }

  /** The longest known of those with nothing under way. */
  private forgetOne(): void {
    for (const [name, { count }] of this.known) {
      if (count > 0) continue;
      this.known.delete(name);
      return;
    }
  }
}

/** Lets an average follow what a piece took. @returns by how much it moved */
export function learn(load: Load, tookMs: number): number {
  const moved = (tookMs - load.averageMs) * weight;
  load.averageMs += moved;
  return moved;
}
