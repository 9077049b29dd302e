import type { ByteReader } from '../binary/byte-reader.js';
import type { ByteWriter } from '../binary/byte-writer.js';
import { immediate as imm } from '../binary/immediates.js';
import { immediateOf } from '../binary/opcodes.js';
import type { DecodedModule } from '../inspect/decoded-module.js';
import { readOperator } from '../inspect/operator-reader.js';
import type { Charges } from './charges.js';
import type { CodeEmitter } from './code-emitter.js';
import { type CountedLoop, canStrip, compareOp, type LoopTest, roundsOf } from './counted-loop.js';
import { LoopScan } from './loop-scan.js';
import { copyOperator, skipStraight } from './operator-copy.js';
import type { RewritePlan } from './plan.js';

/**
 * What a loop may run through before it is charged: as much as a slice. The fuel is written to its global before, so
 * that a trap leaves the count behind by no more than it does elsewhere.
 */
const strippedMax = 4_096;
/** A round that costs more hides what metering costs in it. */
const stripRoundMax = 128;

/** What the writer has to know of the function it writes in. */
export interface LocalPlaces {
  readonly paramCount: number;
  /** Added to the indices of locals that are not parameters. */
  readonly shift: number;
  /** Index of the first of two locals for strips, or -1 when the function has none yet. */
  readonly strip: number;
}

/**
 * Copies loops that count without a charge in them. One whose number of rounds is known is charged as a whole. Another
 * is run in strips: the limit in its test is replaced by one that is at most so many rounds away, and what a strip has
 * cost follows from how far the local has come. The test with the true limit then decides if there is another strip, so
 * any limit will do that ends a strip no later than the loop would end; a strip makes one round at least.
 */
export class CountedLoopWriter {
  /** Set when a loop wanted the locals for strips, which the function does not have yet. */
  wantsLocals = false;
  private readonly plan: RewritePlan;
  private readonly module: DecodedModule;
  private readonly reader: ByteReader;
  private readonly out: ByteWriter;
  private readonly emit: CodeEmitter;
  private readonly charges: Charges;
  private readonly scan: LoopScan;
  private places: LocalPlaces = { paramCount: 0, shift: 0, strip: -1 };

  constructor(plan: RewritePlan, reader: ByteReader, out: ByteWriter, emit: CodeEmitter, charges: Charges) {
    this.plan = plan;
    this.module = plan.module;
    this.reader = reader;
    this.out = out;
    this.emit = emit;
    this.charges = charges;
    this.scan = new LoopScan(plan.module.bytes);
  }

  /** Starts a function. */
  enter(places: LocalPlaces): void {
    this.places = places;
    this.wantsLocals = false;
  }

  /**
   * Copies the loop whose block type comes next, if it counts.
   * @param startOf the constant that a local has been set to right before the loop, if any.
   * @returns whether it did; if not, nothing was written or read.
   */
  copy(startOf: (local: number) => number | undefined): boolean {
    const loop = this.scan.find(this.reader.pos, this.reader.end);
    if (loop === undefined) return false;
    const from = startOf(loop.local);
    const rounds = from === undefined ? undefined : roundsOf(loop, from);
    const total = rounds === undefined ? Number.POSITIVE_INFINITY : rounds * loop.roundCost + loop.lastCost;
    if (total <= strippedMax) this.copyKnown(loop, total);
    else if (loop.roundCost <= stripRoundMax && canStrip(loop)) this.copyInStrips(loop);
    else return false;
    return true;
  }

  private copyKnown(loop: CountedLoop, total: number): void {
    const belongs = this.charges.takeLoop(total);
    if (!belongs) this.emit.flushFuel();
    this.openLoop();
    this.copyCode(loop.start, loop.end, undefined, -1);
    if (!belongs) this.charges.chargeLoop(total);
  }

  private copyInStrips(loop: CountedLoop): void {
    const { out, charges, places } = this;
    if (places.strip < 0) this.wantsLocals = true;
    const [from, limit] = [Math.max(places.strip, 0), Math.max(places.strip, 0) + 1];
    charges.close();
    this.openLoop();
    if (loop.testsFirst) this.copyTestingFirst(loop, from, limit);
    else this.copyTestingLast(loop, from, limit);
    out.u8(0x0b);
    this.reader.pos = loop.end;
    // A loop that makes no round has asked nothing.
    if (!loop.testsFirst) charges.checkedHere();
    charges.add(loop.lastCost);
  }

  /** Turns the loop around, so that every strip that starts makes a round. */
  private copyTestingFirst(loop: CountedLoop, from: number, limit: number): void {
    const { out } = this;
    this.testWith(loop, () => this.copyLimit(loop));
    out.list([0x04, 0x40]);
    this.setLimit(loop, from, limit);
    this.openLoop();
    this.copyCode(loop.roundStart, loop.roundEnd, undefined, -1);
    this.get(loop.local);
    this.op(0x20, limit);
    out.list([loop.test.compare, 0x0d, 0x00, 0x0b]);
    this.emit.chargeComputed(() => this.costOf(loop, from));
    out.list([0x0c, 0x01, 0x0b]);
  }

  private copyTestingLast(loop: CountedLoop, from: number, limit: number): void {
    this.setLimit(loop, from, limit);
    this.openLoop();
    this.copyCode(loop.roundStart, loop.roundEnd, loop.test, limit);
    this.emit.chargeComputed(() => this.costOf(loop, from));
    this.testWith(loop, () => this.copyLimit(loop));
    this.out.list([0x0d, 0x00]);
  }

  private openLoop(): void {
    this.out.reserve(256);
    this.out.list([0x03, 0x40]);
  }

  private testWith({ local, test }: CountedLoop, limit: () => void): void {
    this.get(local);
    if (test.limitStart === test.limitEnd) return;
    limit();
    this.out.u8(test.compare);
  }

  /** Sets the limit of the next strip, which makes one round at least, and notes where the local starts. */
  private setLimit(loop: CountedLoop, from: number, limit: number): void {
    const { out } = this;
    this.emit.flushFuel();
    const distance = loop.step * Math.max(1, Math.floor(strippedMax / loop.roundCost));
    this.copyLimit(loop);
    this.get(loop.local);
    this.op(0x22, from);
    this.const32(distance);
    out.u8(0x6a);
    if (loop.test.compare === compareOp.ne) this.testReached(loop, from, limit, Math.abs(distance));
    else {
      // Of the two limits, the one that the local comes to first.
      this.op(0x22, limit);
      this.copyLimit(loop);
      this.op(0x20, limit);
      out.u8(loop.test.compare);
    }
    out.u8(0x1b);
    this.op(0x21, limit);
  }

  /** Whether a local that goes on until it equals the limit does so within a strip, instead of stepping over it. */
  private testReached(loop: CountedLoop, from: number, distanceLocal: number, distanceMax: number): void {
    const { out } = this;
    const size = Math.abs(loop.step);
    const limit = (): void => this.copyLimit(loop);
    const start = (): void => this.op(0x20, from);
    for (const side of loop.step > 0 ? [limit, start] : [start, limit]) side();
    out.u8(0x6b);
    this.op(0x22, distanceLocal);
    // Equal at the start means once around all numbers.
    this.const32(1);
    out.u8(0x6b);
    this.const32(distanceMax);
    out.u8(compareOp.ltU);
    if (size === 1) return;
    this.op(0x20, distanceLocal);
    this.const32(size - 1);
    out.list([0x71, 0x45, 0x71]);
  }

  /** How much the rounds since `from` cost, as 64 bits. */
  private costOf(loop: CountedLoop, from: number): void {
    const { out } = this;
    const size = Math.abs(loop.step);
    const now = (): void => this.get(loop.local);
    const start = (): void => this.op(0x20, from);
    for (const side of loop.step > 0 ? [now, start] : [start, now]) side();
    out.u8(0x6b);
    if ((size & (size - 1)) !== 0) {
      this.const32(size);
      out.u8(0x6e);
    } else if (size > 1) {
      this.const32(Math.log2(size));
      out.u8(0x76);
    }
    out.u8(0xad);
    out.u8(0x42);
    out.s32(loop.roundCost);
    out.u8(0x7e);
  }

  /** Copies code as it is, but for the limit of a test, which is exchanged for a local. */
  private copyCode(start: number, end: number, test: LoopTest | undefined, limit: number): void {
    const { reader, out } = this;
    reader.pos = start;
    while (reader.pos < end) {
      out.reserve(256);
      const at = reader.pos;
      if (test !== undefined && at === test.limitStart) {
        this.op(0x20, limit);
        if (test.limitEnd > at) {
          reader.pos = test.limitEnd;
          continue;
        }
        out.u8(compareOp.ne);
      }
      this.copyOne(at);
    }
  }

  private copyOne(at: number): void {
    const { reader, out } = this;
    const slot = readOperator(reader);
    const kind = (immediateOf[slot] as number) - 1;
    if (kind === imm.local) {
      out.u8(slot);
      out.u32(this.placeOf(reader.u32()));
    } else if (kind === imm.global) {
      out.u8(slot);
      out.u32(this.plan.global(reader.u32()));
    } else {
      if (slot === 0x03) this.module.loops.take();
      if (kind === imm.block || kind === imm.label) reader.skip(1);
      else skipStraight(reader, kind);
      copyOperator(reader, out, at);
    }
  }

  private copyLimit({ test }: CountedLoop): void {
    if (test.limitLocal >= 0) this.get(test.limitLocal);
    else this.const32(test.limitValue);
  }

  private placeOf(local: number): number {
    return local < this.places.paramCount ? local : local + this.places.shift;
  }

  private get(local: number): void {
    this.op(0x20, this.placeOf(local));
  }

  private op(opcode: number, index: number): void {
    this.out.u8(opcode);
    this.out.u32(index);
  }

  private const32(value: number): void {
    this.out.u8(0x41);
    this.out.s32(value);
  }
}
