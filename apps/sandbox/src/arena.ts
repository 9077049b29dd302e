const pageBytes = 4096;
/** Single pages that are kept at hand: most requests need one, and the one given back last is still in a cache. */
const singlesMax = 256;

/** Hands out runs of pages, lowest address first, so that an idle queue touches little memory. */
export class Arena {
  private readonly used: Uint8Array;
  /** No page below this one is free. */
  private lowestFree = 0;
  /** Offsets of single pages that are marked as used and are not. */
  private readonly singles: number[] = [];

  constructor(bytes: number) {
    this.used = new Uint8Array(bytes / pageBytes);
  }

  /** @returns the offset of room for `bytes`, or undefined when there is no such run. */
  take(bytes: number): { readonly offset: number; readonly capacity: number } | undefined {
    const wanted = Math.max(1, Math.ceil(bytes / pageBytes));
    const single = wanted === 1 ? this.singles.pop() : undefined;
    if (single !== undefined) return { offset: single, capacity: pageBytes };
    const start = this.findRun(wanted) ?? this.findRunBetweenSingles(wanted);
    if (start === undefined) return undefined;
    this.used.fill(1, start, start + wanted);
    if (start === this.lowestFree) this.lowestFree = start + wanted;
    return { offset: start * pageBytes, capacity: wanted * pageBytes };
  }

  give(offset: number, capacity: number): void {
    if (capacity === pageBytes && this.singles.length < singlesMax) this.singles.push(offset);
    else this.free(offset / pageBytes, capacity / pageBytes);
  }

  private free(start: number, pages: number): void {
    this.used.fill(0, start, start + pages);
    this.lowestFree = Math.min(this.lowestFree, start);
  }

  private findRunBetweenSingles(wanted: number): number | undefined {
    for (const offset of this.singles.splice(0)) this.free(offset / pageBytes, 1);
    return this.findRun(wanted);
  }

  private findRun(wanted: number): number | undefined {
    let start = this.lowestFree;
    while (start + wanted <= this.used.length) {
      const blocked = this.used.subarray(start, start + wanted).lastIndexOf(1);
      if (blocked === -1) return start;
      start += blocked + 1;
    }
    return undefined;
  }
}
