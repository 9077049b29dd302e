/**
 * Counts by size, for percentiles: a value falls into one of eight classes per doubling, so what is read back is at
 * most 4.5 % off. Written as entries of six bytes, class (2) and count (4), high byte first, in any order; a class may
 * come several times, so that Postgres adds two histograms up by writing one behind the other.
 */
export type Histogram = Uint8Array;

const classesPerDoubling = 8;
/** 2^45 us is a year, and 2^45 instructions are more than any run is ever allowed. */
const classMax = 45 * classesPerDoubling;
const entryBytes = 6;
const countMax = 0xffff_ffff;

/** The class of a value: 0 holds 0 and 1; class n goes from 2^((n-1)/8), excluded, to 2^(n/8), included. */
export function histogramClass(value: number): number {
  if (!(value > 1)) return 0;
  // Powers of two must fall on their bound; the logarithm of a product of rounding errors may lie a hair above it.
  return Math.min(classMax, Math.ceil(classesPerDoubling * Math.log2(value) - 1e-9));
}

/** Gathers values and histograms. Loops go from the lowest to the highest class that was met: most are empty. */
export class HistogramSum {
  readonly #counts = new Float64Array(classMax + 1);
  #low = classMax;
  #high = 0;

  add(value: number): void {
    this.#raise(histogramClass(value), 1);
  }

  addAll(histogram: Histogram): void {
    // A chart adds up a million entries: nothing in this loop calls anything that is not one instruction or a few.
    const view = new DataView(histogram.buffer, histogram.byteOffset, histogram.byteLength);
    const counts = this.#counts;
    let [low, high] = [this.#low, this.#high];
    for (let at = 0; at + entryBytes <= view.byteLength; at += entryBytes) {
      const place = view.getUint16(at);
      if (place > classMax) continue;
      if (place < low) low = place;
      if (place > high) high = place;
      counts[place] = (counts[place] ?? 0) + view.getUint32(at + 2);
    }
    [this.#low, this.#high] = [low, high];
  }

  addSum(other: HistogramSum): void {
    for (let at = other.#low; at <= other.#high; at += 1) this.#raise(at, other.#countAt(at));
  }

  /** Forgets everything: a chart adds up thousands of buckets, one after the other, in the same memory. */
  clear(): void {
    if (this.#low <= this.#high) this.#counts.fill(0, this.#low, this.#high + 1);
    this.#low = classMax;
    this.#high = 0;
  }

  /** The counts, one entry per class, in order. */
  encode(): Histogram {
    const view = new DataView(new ArrayBuffer(Math.max(0, this.#high - this.#low + 1) * entryBytes));
    let bytes = 0;
    for (let at = this.#low; at <= this.#high; at += 1) {
      const count = this.#countAt(at);
      if (count === 0) continue;
      view.setUint16(bytes, at);
      view.setUint32(bytes + 2, Math.min(count, countMax));
      bytes += entryBytes;
    }
    return new Uint8Array(view.buffer, 0, bytes);
  }

  /**
   * The values that the given shares (0 to 1, in rising order) of all values don't exceed; none where nothing was
   * counted.
   */
  percentiles(shares: readonly number[]): readonly number[] {
    let total = 0;
    for (let at = this.#low; at <= this.#high; at += 1) total += this.#countAt(at);
    if (total === 0) return [];
    let at = this.#low;
    let passed = this.#countAt(at);
    return shares.map((share) => {
      const wanted = Math.max(1, Math.ceil(share * total));
      while (passed < wanted && at < this.#high) {
        at += 1;
        passed += this.#countAt(at);
      }
      return middleOf(at);
    });
  }

  #countAt(at: number): number {
    return this.#counts[at] ?? 0;
  }

  #raise(at: number, count: number): void {
    if (at < this.#low) this.#low = at;
    if (at > this.#high) this.#high = at;
    this.#counts[at] = this.#countAt(at) + count;
  }
}

/** The geometric middle of a class stands for every value in it. */
function middleOf(at: number): number {
  return at === 0 ? 1 : Math.round(2 ** ((at - 0.5) / classesPerDoubling));
}

/** As Postgres reads a `bytea` out of JSON. */
export function asBytea(histogram: Histogram): string {
  return `\\x${Buffer.from(histogram).toString('hex')}`;
}
