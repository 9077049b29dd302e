/** The test that sends a loop round again, as `local compare limit`; a test for not being zero is one against 0. */
export interface LoopTest {
  /** The opcode of the comparison, with the counting local on its left. */
  readonly compare: number;
  /** The bytes of the operator that gives the limit; none where the local itself is the condition. */
  readonly limitStart: number;
  readonly limitEnd: number;
  /** The local that holds the limit, or -1; then the limit is the constant. */
  readonly limitLocal: number;
  readonly limitValue: number;
}

/**
 * A loop of straight code that counts: one local goes up or down by the same step in every round and is compared with
 * something that does not change. What such a loop costs follows from that local, so nothing needs to be charged in it.
 */
export interface CountedLoop {
  /** Where its code starts, behind the type of the block, and where the loop ends, behind its `end`. */
  readonly start: number;
  readonly end: number;
  /** The part of a round that is not its test nor the way back; all of it where the test comes last. */
  readonly roundStart: number;
  readonly roundEnd: number;
  readonly local: number;
  /** What is added in every round. */
  readonly step: number;
  readonly test: LoopTest;
  /** Whether the test stands before the round, so that there may be none. */
  readonly testsFirst: boolean;
  readonly roundCost: number;
  /** What the test costs that ends the loop, where it is not part of a round. */
  readonly lastCost: number;
}

/** Comparisons of 32-bit integers, by opcode. */
export const compareOp = {
  ne: 0x47,
  ltS: 0x48,
  ltU: 0x49,
  gtS: 0x4a,
  gtU: 0x4b,
  leS: 0x4c,
  leU: 0x4d,
  geS: 0x4e,
  geU: 0x4f,
} as const;

/**
 * How many rounds a loop makes when its local starts with `from`.
 * @returns undefined when that depends on numbers wrapping around, or when there is no end.
 */
export function roundsOf(loop: CountedLoop, from: number): number | undefined {
  const { test, step, testsFirst } = loop;
  if (test.limitLocal >= 0) return undefined;
  const { compare } = test;
  const unsigned =
    compare === compareOp.ltU || compare === compareOp.gtU || compare === compareOp.leU || compare === compareOp.geU;
  const [start, limit] = unsigned ? [from >>> 0, test.limitValue >>> 0] : [from | 0, test.limitValue | 0];
  const first = testsFirst ? 0 : 1;
  const rounds =
    compare === compareOp.ne
      ? (limit - start) / step
      : roundsWithin(compare, start + first * step, limit, step) + first;
  const last = start + rounds * step;
  const fits = unsigned ? last >= 0 && last <= 0xffff_ffff : last === (last | 0);
  return Number.isInteger(rounds) && rounds >= first && fits ? rounds : undefined;
}

/** Rounds until `value compare limit` no longer holds, while nothing wraps around; NaN when the step leads away. */
function roundsWithin(compare: number, value: number, limit: number, step: number): number {
  const up =
    compare === compareOp.ltS || compare === compareOp.ltU || compare === compareOp.leS || compare === compareOp.leU;
  if (up !== step > 0) return Number.NaN;
  const inclusive = compare >= compareOp.leS ? 1 : 0;
  const distance = up ? limit - value : value - limit;
  return Math.max(0, Math.ceil((distance + inclusive) / Math.abs(step)));
}

/** Whether a loop of unknown length can be run in strips of known length: see `CountedLoopWriter`. */
export function canStrip({ test, step }: CountedLoop): boolean {
  const { compare } = test;
  const size = Math.abs(step);
  if (compare === compareOp.ne) return (size & (size - 1)) === 0;
  if (compare === compareOp.ltS || compare === compareOp.ltU) return step > 0;
  return (compare === compareOp.gtS || compare === compareOp.gtU) && step < 0;
}
