/**
 * Counts by size, for percentiles: a value falls into one of eight classes per doubling, so what is read back is at
 * most 4.5 % off. Only classes that hold something are kept, one number each: the class times 2^32, plus its count.
 * Postgres adds such histograms up without knowing what a class means.
 */
export type Histogram = readonly number[];

const classesPerDoubling = 8;
/** 2^45 us is a year, and 2^45 instructions are more than any run is ever allowed. */
const classMax = 45 * classesPerDoubling;
const countMax = 2 ** 32;

/** The class of a value: 0 holds 0 and 1; class n goes from 2^((n-1)/8), excluded, to 2^(n/8), included. */
export function histogramClass(value: number): number {
  if (!(value > 1)) return 0;
  return Math.min(classMax, Math.ceil(classesPerDoubling * Math.log2(value) - 1e-9));
}

/** Gathers values into a histogram. */
export class HistogramBuilder {
  readonly #counts = new Map<number, number>();

  add(value: number): void {
    const at = histogramClass(value);
    this.#counts.set(at, (this.#counts.get(at) ?? 0) + 1);
  }

  build(): Histogram {
    return [...this.#counts].sort(([a], [b]) => a - b).map(([at, count]) => at * countMax + count);
  }
}

/**
 * The values below which the given shares (0 to 1) of all values lie; the geometric middle of a class stands for every
 * value in it. Undefined where nothing was counted.
 *
 * @param histogram - In any order; a class may come several times.
 */
export function percentiles<Share extends number>(
  histogram: Histogram,
  shares: readonly Share[],
): Readonly<Record<Share, number>> | undefined {
  const classes = histogram
    .map((entry) => ({ at: Math.floor(entry / countMax), count: entry % countMax }))
    .sort((a, b) => a.at - b.at);
  const total = classes.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return undefined;
  const at = (share: number) => {
    let left = Math.max(1, Math.ceil(share * total));
    for (const one of classes) {
      left -= one.count;
      if (left <= 0) return middleOf(one.at);
    }
    return middleOf(classMax);
  };
  return Object.fromEntries(shares.map((share) => [share, at(share)])) as Record<Share, number>;
}

function middleOf(at: number): number {
  return at === 0 ? 1 : Math.round(2 ** ((at - 0.5) / classesPerDoubling));
}
