/** Of what a run took, so much goes into the mean of its artifact. */
const share = 1 / 16;
/** Taken for the time of an artifact of which no run has ended, in milliseconds. */
const firstMs = 1;
/** Artifacts remembered at a time; the one that was first met is forgotten first. */
const artifactsMax = 10_000;

/** How long runs of an artifact took lately, so that work is shared out by what it is going to cost. */
export class RunTimes {
  private readonly means = new Map<string, number>();

  /** In milliseconds by the wall. */
  expectedMs(artifactId: string): number {
    return this.means.get(artifactId) ?? firstMs;
  }

  note(artifactId: string, tookMs: number): void {
    const mean = this.means.get(artifactId);
    this.means.set(artifactId, mean === undefined ? tookMs : mean + (tookMs - mean) * share);
    if (mean !== undefined || this.means.size <= artifactsMax) return;
    const [oldest] = this.means.keys();
    if (oldest !== undefined) this.means.delete(oldest);
  }
}
