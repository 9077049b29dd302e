import type { ByteWriter } from '../binary/byte-writer.js';
import { sliceInstructions } from './counters.js';
import { type RewritePlan, type Shape, shape } from './plan.js';

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
    out.list([0x42, 0x00, 0x53]);
    this.unlikely.push(out.pos);
    out.list([0x04, 0x40]);
    if (inPlace) this.nextSlice();
    else {
      if (frameBytes === undefined) out.list([0x41, 0x00]);
      else this.op(0x20, this.depthLocal);
      this.getFuel();
      this.op(0x10, this.slow);
      this.setFuel();
    }
    out.u8(0x0b);
    return patchAt;
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
    const { out, unlikely } = this;
    const { bytes } = out;
    if (cost > 63 || out.pos - patchAt > movedBytesMax) {
      this.writeCharge(patchAt, cost);
      return;
    }
    bytes[patchAt] = cost;
    bytes.copyWithin(patchAt + 1, patchAt + 2, out.pos);
    out.pos--;
    this.setStart--;
    this.setEnd--;
    for (let at = unlikely.length - 1; at >= 0 && (unlikely[at] as number) > patchAt; at--) {
      unlikely[at] = (unlikely[at] as number) - 1;
    }
  }

  /** Writes a cost that may still grow: both bytes stay. */
  writeCharge(patchAt: number, cost: number): void {
    const { bytes } = this.out;
    bytes[patchAt] = (cost & 0x7f) | 0x80;
    bytes[patchAt + 1] = cost >> 7;
  }

  /** What {@link writeCharge} wrote. */
  readCharge(patchAt: number): number {
    const { bytes } = this.out;
    if ((bytes[patchAt] as number) < 0x80) throw new RangeError('this charge was closed for good');
    return ((bytes[patchAt] as number) & 0x7f) | ((bytes[patchAt + 1] as number) << 7);
  }

  /** Takes a charge out again that came to nothing. */
  removeCharge(patchAt: number): void {
    const { out } = this;
    if (out.pos - patchAt > movedBytesMax) {
      this.writeCharge(patchAt, 0);
      return;
    }
    out.bytes.copyWithin(patchAt - 1, patchAt + 3, out.pos);
    out.pos -= 4;
    this.setStart -= 4;
    this.setEnd -= 4;
  }

  /** Calls a function that its caller pays for. */
  freeCall(index: number): void {
    this.op(0x10, index);
  }

  /** Calls an inner function, which leaves the fuel on the operand stack. */
  innerCall(index: number, callee: Shape): void {
    if (callee === shape.full) this.op(0x20, this.depthLocal);
    this.getFuel();
    this.op(0x10, index);
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

  flushFuel(): void {
    if (this.fuelInGlobal || this.shape === shape.free) return;
    this.getFuel();
    this.op(0x24, this.fuel);
  }

  flushAll(): void {
    this.flushFuel();
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
  exit(frameBytes: number): void {
    if (this.shape === shape.free) return;
    if (this.shape !== shape.outer) {
      this.getFuel();
      return;
    }
    this.flushFuel();
    this.op(0x20, this.depthLocal);
    this.out.u8(0x41);
    this.out.s32(frameBytes);
    this.out.u8(0x6a);
    this.op(0x24, this.depth);
  }

  /** Right behind a write of the local, the write becomes one that leaves the value on the operand stack. */
  private getFuel(): void {
    if (this.fuelInGlobal) this.op(0x23, this.fuel);
    else if (this.setEnd === this.out.pos) {
      this.out.bytes[this.setStart] = 0x22;
      this.setEnd = -1;
    } else this.op(0x20, this.fuelLocal);
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
