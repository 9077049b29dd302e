import type { ByteWriter } from '../binary/byte-writer.js';
import { sliceInstructions } from './counters.js';
import { type RewritePlan, type Shape, shape, takesDepth } from './plan.js';

/** Code behind a charge is moved up to save a byte only when it is short: nested blocks would make the time quadratic. */
const movedBytesMax = 1_024;

/** Writes the instruction sequences of metering for one function at a time. */
export class CodeEmitter {
  /** Offsets of the checks' `if` in the body, for the branch hints: they are almost never taken. */
  readonly unlikely: number[] = [];
  private readonly out: ByteWriter;
  private readonly fuel: number;
  private readonly depth: number;
  private readonly stack: number;
  private readonly reserve: number;
  private readonly slow: number;
  private readonly surchargeHelper: number;
  private depthLocal = 0;
  private fuelLocal = 0;
  private fuelInGlobal = false;
  /** Where the last write of the fuel's local starts and ends, or -1. */
  private setStart = -1;
  private setEnd = -1;
  private shape: Shape = shape.full;

  constructor(out: ByteWriter, plan: RewritePlan) {
    this.out = out;
    this.fuel = plan.counter('fuel');
    this.depth = plan.counter('depth');
    this.stack = plan.counter('stack');
    this.reserve = plan.counter('reserve');
    this.slow = plan.helper('slow');
    this.surchargeHelper = plan.helper('surcharge');
  }

  /**
   * Starts a function. Where exceptions are caught, the fuel stays in its global all the time, since a handler starts
   * with whatever the code that threw has left there.
   */
  enter(depthLocal: number, fuelLocal: number, fuelInGlobal: boolean, own: Shape): void {
    this.depthLocal = depthLocal;
    this.fuelLocal = fuelLocal;
    this.fuelInGlobal = fuelInGlobal;
    this.shape = own;
    this.unlikely.length = 0;
    this.setEnd = -1;
  }

  loadAtInnerEntry(): void {
    if (!this.fuelInGlobal || this.shape === shape.free) return;
    this.op(0x20, this.fuelLocal);
    this.op(0x24, this.fuel);
  }

  /** Takes over the stack left by the caller and sets the hand-over back to a whole stack. */
  loadAtOuterEntry(): void {
    this.op(0x23, this.depth);
    this.op(0x21, this.depthLocal);
    this.op(0x23, this.stack);
    this.op(0x24, this.depth);
    this.reloadFuel();
  }

  /**
   * Charges a segment whose cost is not known yet, and checks if asked to; with `frameBytes` the check covers the stack, and with
   * `inPlace` it makes no call.
   * @returns where to patch the cost.
   */
  charge(check: boolean, frameBytes: number | undefined, inPlace: boolean): number {
    const { out } = this;
    out.reserve(64);
    this.getFuel();
    out.u8(0x42);
    const patchAt = out.pos;
    out.pos += 2;
    out.u8(0x7d);
    if (!check) {
      this.setFuel();
      return patchAt;
    }
    if (this.fuelInGlobal) {
      this.setFuel();
      this.getFuel();
    } else this.op(0x22, this.fuelLocal);
    if (frameBytes !== undefined) this.takeFrame(frameBytes);
    this.ifNegative(frameBytes !== undefined, inPlace);
    return patchAt;
  }

  /** Asks on the way back to the start of a loop whether anything is left. */
  checkWayBack(inPlace: boolean): void {
    this.out.reserve(64);
    this.getFuel();
    this.ifNegative(false, inPlace);
  }

  private ifNegative(withDepth: boolean, inPlace: boolean): void {
    const { out } = this;
    out.list([0x42, 0x00, 0x53]);
    this.unlikely.push(out.pos);
    out.list([0x04, 0x40]);
    if (inPlace) this.nextSlice();
    else {
      if (withDepth) this.op(0x20, this.depthLocal);
      else out.list([0x41, 0x00]);
      this.getFuel();
      this.op(0x10, this.slow);
      this.setFuel();
    }
    out.u8(0x0b);
    // What was written last is in an arm that hardly ever runs.
    this.setEnd = -1;
  }

  /**
   * Takes as many slices as make the fuel positive, without a call, since a call in a loop keeps the engine from
   * unrolling it. Slices are a power of two: what is below a slice stays, the (negative) rest goes to the reserve, which
   * is a whole number of slices and so is used up exactly when it becomes negative.
   */
  private nextSlice(): void {
    const { out } = this;
    this.op(0x23, this.reserve);
    this.getFuel();
    out.u8(0x42);
    out.s32(-sliceInstructions);
    out.list([0x83, 0x7c]);
    this.op(0x24, this.reserve);
    this.getFuel();
    out.u8(0x42);
    out.s32(sliceInstructions - 1);
    out.u8(0x83);
    this.setFuel();
    this.flushFuel();
    this.op(0x23, this.reserve);
    out.list([0x42, 0x00, 0x53, 0x04, 0x40, 0x00, 0x0b]);
  }

  /** Charges a fixed cost to the global, in a function that has no counters of its own. */
  payFixed(cost: number): void {
    const { out } = this;
    this.op(0x23, this.fuel);
    out.u8(0x42);
    out.s32(cost);
    out.u8(0x7d);
    this.op(0x24, this.fuel);
    this.op(0x23, this.fuel);
    out.list([0x42, 0x00, 0x53]);
    this.unlikely.push(out.pos);
    out.list([0x04, 0x40, 0x41, 0x00]);
    this.op(0x23, this.fuel);
    this.op(0x10, this.slow);
    this.op(0x24, this.fuel);
    out.u8(0x0b);
  }

  /** Negative fuel or negative depth: one test for both. */
  private takeFrame(frameBytes: number): void {
    this.op(0x20, this.depthLocal);
    this.out.u8(0x41);
    this.out.s32(frameBytes);
    this.out.u8(0x6b);
    this.op(0x22, this.depthLocal);
    this.out.list([0xac, 0x84]);
  }

  /**
   * Writes a cost into the two bytes that were kept free for it. Most costs need only one: then the segment moves up by
   * a byte, and the hints in it with it.
   */
  patchCharge(patchAt: number, cost: number): void {
    if (cost > 63 || cost < -64 || !this.canMove(patchAt)) {
      this.writeCharge(patchAt, cost);
      return;
    }
    this.out.bytes[patchAt] = cost & 0x7f;
    this.drop(patchAt + 1, 1);
  }

  /** Whether the code behind a charge is short enough to be moved up. */
  canMove(patchAt: number): boolean {
    return this.out.pos - patchAt <= movedBytesMax;
  }

  /** Takes bytes out of what has been written. */
  private drop(from: number, count: number): void {
    const { out, unlikely } = this;
    out.bytes.copyWithin(from, from + count, out.pos);
    out.pos -= count;
    if (this.setStart < from + count) this.setEnd = -1;
    this.setStart -= count;
    this.setEnd -= count;
    for (let at = unlikely.length - 1; at >= 0 && (unlikely[at] as number) > from; at--) {
      unlikely[at] = (unlikely[at] as number) - count;
    }
  }

  /** Writes a cost that may still grow: both bytes stay. */
  writeCharge(patchAt: number, cost: number): void {
    const { bytes } = this.out;
    bytes[patchAt] = (cost & 0x7f) | 0x80;
    bytes[patchAt + 1] = (cost >> 7) & 0x7f;
  }

  /** What {@link writeCharge} wrote. */
  readCharge(patchAt: number): number {
    const { bytes } = this.out;
    if ((bytes[patchAt] as number) < 0x80) throw new RangeError('this charge was closed for good');
    return this.chargeAt(patchAt);
  }

  /** What {@link patchCharge} or {@link writeCharge} wrote. */
  chargeAt(patchAt: number): number {
    const { bytes } = this.out;
    const low = bytes[patchAt] as number;
    if (low < 0x80) return (low << 25) >> 25;
    return (((low & 0x7f) | ((bytes[patchAt + 1] as number) << 7)) << 18) >> 18;
  }

  /** Takes a charge behind a call out again that came to nothing. */
  removeReturned(patchAt: number): void {
    if (this.canMove(patchAt)) this.drop(patchAt - 1, 4);
    else this.writeCharge(patchAt, 0);
  }

  /** Takes a charge without a check out again: it came to nothing, or what follows pays it. */
  removeCharge(patchAt: number): void {
    if (this.fuelInGlobal || !this.canMove(patchAt)) {
      this.writeCharge(patchAt, 0);
      return;
    }
    const { bytes } = this.out;
    const access = this.fuelLocal < 0x80 ? 2 : 3;
    // Where the fuel was written right before or read right behind, one operator did both.
    const readAt = patchAt - 1 - access;
    const readsOnly = bytes[readAt] === 0x20;
    const writesOnly = bytes[patchAt + 3] === 0x21;
    if (!readsOnly) bytes[readAt] = 0x21;
    if (!writesOnly) bytes[patchAt + 3] = 0x20;
    const from = readsOnly ? readAt : patchAt - 1;
    this.drop(from, patchAt + 3 + (writesOnly ? access : 0) - from);
  }

  /** Calls a function that its caller pays for. */
  freeCall(index: number): void {
    this.op(0x10, index);
  }

  /** Calls an inner function, which leaves the fuel on the operand stack; `owed` is charged on the way. */
  innerCall(index: number, callee: Shape, owed: number): void {
    if (takesDepth(callee)) this.getDepth();
    this.getFuel(owed);
    this.op(0x10, index);
  }

  /** A leaf has no stack to hand on; what it calls takes none, even where its signature has a place for it. */
  private getDepth(): void {
    if (this.shape === shape.leaf) this.out.list([0x41, 0x00]);
    else this.op(0x20, this.depthLocal);
  }

  /** Calls an inner function through a table; should the call fail, the count up to here is in its global. */
  innerIndirectCall(type: number, table: number, indexLocal: number): void {
    this.op(0x21, indexLocal);
    this.flushFuel();
    this.op(0x20, this.depthLocal);
    this.getFuel();
    this.op(0x20, indexLocal);
    this.op(0x11, type);
    this.out.u32(table);
  }

  /** Charges a segment that starts behind a call, from the fuel that the call left. @returns where to patch the cost. */
  chargeReturned(): number {
    const { out } = this;
    out.u8(0x42);
    const patchAt = out.pos;
    out.pos += 2;
    out.u8(0x7d);
    this.setFuel();
    return patchAt;
  }

  /** Keeps the fuel that a call left. */
  keepReturned(): void {
    this.setFuel();
  }

  /** Calls a function that takes the fuel last and gives it back last. */
  helperCall(index: number): void {
    this.getFuel();
    this.op(0x10, index);
    this.setFuel();
  }

  /** Charges what an operator costs beside its 1. */
  surcharge(amount: number): void {
    this.out.u8(0x41);
    this.out.s32(amount);
    this.helperCall(this.surchargeHelper);
  }

  /** Writes the fuel to its global and charges what is `owed` there only: the local is not read again. */
  flushFuel(owed = 0): void {
    if (this.fuelInGlobal || this.shape === shape.free) return;
    this.getFuel(owed);
    this.op(0x24, this.fuel);
  }

  flushAll(owed: number): void {
    this.flushFuel(owed);
    this.op(0x20, this.depthLocal);
    this.op(0x24, this.depth);
  }

  /** Whether the function being written has no copy of the fuel of its own. */
  get keepsFuelInGlobal(): boolean {
    return this.fuelInGlobal;
  }

  /** Behind a call that left the fuel in its global: takes it to the operand stack, as a call of an inner function does. */
  returnedFuel(): void {
    this.op(0x23, this.fuel);
  }

  reloadFuel(): void {
    if (this.fuelInGlobal) return;
    this.op(0x23, this.fuel);
    this.op(0x21, this.fuelLocal);
  }

  /** What has to happen before a function is left: results are on the operand stack already. */
  exit(frameBytes: number, owed: number): void {
    if (this.shape === shape.free) return;
    if (this.shape !== shape.outer) {
      this.getFuel(owed);
      return;
    }
    this.flushFuel(owed);
    this.op(0x20, this.depthLocal);
    this.out.u8(0x41);
    this.out.s32(frameBytes);
    this.out.u8(0x6a);
    this.op(0x24, this.depth);
  }

  /** Right behind a write of the local, the write becomes one that leaves the value on the operand stack. */
  private getFuel(owed = 0): void {
    if (this.fuelInGlobal) this.op(0x23, this.fuel);
    else if (this.setEnd === this.out.pos) {
      this.out.bytes[this.setStart] = 0x22;
      this.setEnd = -1;
    } else this.op(0x20, this.fuelLocal);
    if (owed === 0) return;
    this.out.u8(0x42);
    this.out.s32(owed);
    this.out.u8(0x7d);
  }

  private setFuel(): void {
    if (this.fuelInGlobal) {
      this.op(0x24, this.fuel);
      return;
    }
    this.setStart = this.out.pos;
    this.op(0x21, this.fuelLocal);
    this.setEnd = this.out.pos;
  }

  private op(opcode: number, index: number): void {
    this.out.u8(opcode);
    this.out.u32(index);
  }
}
