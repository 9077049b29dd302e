/** Runs of one worker at once; each holds its input. */
const runsMax = 2_048;
/** How fast the average follows. */
const weight = 0.05;

/**
 * Refuses at once what could not end in time: how long a newcomer would wait is what is in hand, times what a run took
 * lately, over the threads that run guests.
 */
export class Admission {
  private inHand = 0;
  private averageMs = 1;

  constructor(private readonly threads: number) {}

  get load(): number {
    return this.inHand;
  }

  /** @param leftMs - until the deadline */
  admits(leftMs: number): boolean {
    if (leftMs <= 0 || this.inHand >= runsMax) return false;
    return (this.inHand * this.averageMs) / this.threads < leftMs;
  }

  begin(): void {
    this.inHand += 1;
  }

  /** @param guestMs - what its guests took, or 0 where none ran */
  end(guestMs: number): void {
    this.inHand -= 1;
    if (guestMs > 0) this.averageMs += (guestMs - this.averageMs) * weight;
  }
}
