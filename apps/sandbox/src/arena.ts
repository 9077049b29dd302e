const pageBytes = 4096;

/** Hands out runs of pages, lowest address first, so that an idle queue touches little memory. */
export class Arena {
  private readonly used: Uint8Array;
  /** No page below this one is free. */
  private lowestFree = 0;

  constructor(bytes: number) {
    this.used = new Uint8Array(bytes / pageBytes);
  }

  /** @returns the offset of room for `bytes`, or undefined when there is no such run. */
  take(bytes: number): { readonly offset: number; readonly capacity: number } | undefined {
    const wanted = Math.max(1, Math.ceil(bytes / pageBytes));
    const start = this.findRun(wanted);
    if (start === undefined) return undefined;
    this.used.fill(1, start, start + wanted);
    if (start === this.lowestFree) this.lowestFree = start + wanted;
    return { offset: start * pageBytes, capacity: wanted * pageBytes };
  }

  give(offset: number, capacity: number): void {
    const start = offset / pageBytes;
    this.used.fill(0, start, start + capacity / pageBytes);
    this.lowestFree = Math.min(this.lowestFree, start);
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
