import type { ByteWriter } from '../binary/byte-writer.js';
import { sliceInstructions } from './counters.js';
import { FuelWriter } from './fuel-writer.js';
import type { RewritePlan } from './plan.js';
import { type Shape, shape, takesDepth } from './shapes.js';

/** Writes the instruction sequences of metering for one function at a time. */
export class CodeEmitter extends FuelWriter {
  private readonly depth: number;
  private readonly stack: number;
  private readonly reserve: number;
  private readonly slow: number;
  private readonly refill: number;
  private readonly exhausted: number;
  private readonly surchargeHelper: number;
  private depthLocal = 0;
  private shape: Shape = shape.full;

  constructor(out: ByteWriter, plan: RewritePlan) {
    super(out, plan.counter('fuel'));
    this.depth = plan.counter('depth');
    this.stack = plan.counter('stack');
    this.reserve = plan.counter('reserve');
    this.slow = plan.helper('slow');
    this.refill = plan.helper('refill');
    this.exhausted = plan.helper('exhausted');
    this.surchargeHelper = plan.helper('surcharge');
  }

  /**
   * Starts a function. Where exceptions are caught, the fuel stays in its global all the time, since a handler starts
   * with whatever the code that threw has left there.
   */
  enter(depthLocal: number, fuelLocal: number, fuelInGlobal: boolean, own: Shape): void {
    this.depthLocal = depthLocal;
    this.enterFuel(fuelLocal, fuelInGlobal);
    this.shape = own;
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

  /** Charges what `writeCost` leaves on the operand stack as 64 bits, and asks if anything is left. */
  chargeComputed(writeCost: () => void): void {
    this.out.reserve(128);
    this.getFuel();
    writeCost();
    this.out.u8(0x7d);
    if (this.fuelInGlobal) {
      this.setFuel();
      this.getFuel();
    } else this.op(0x22, this.fuelLocal);
    this.ifNegative(false, false);
  }

  /** Starts the other arm of an `if` that has none. */
  otherArm(): void {
    this.out.u8(0x05);
  }

  /** Asks on the way back to the start of a loop whether anything is left. */
  checkWayBack(inPlace: boolean): void {
    this.out.reserve(64);
    this.getFuel();
    this.ifNegative(false, inPlace);
  }

  /** Asks before the first call of a function that did not ask as it was entered, for fuel and for stack. */
  checkBeforeCall(): void {
    this.out.reserve(64);
    this.getFuel();
    this.op(0x20, this.depthLocal);
    this.out.list([0xac, 0x84]);
    this.ifNegative(true, false);
  }

  /** Takes the frame off the stack that is left; whoever calls from here asks if there was enough. */
  takeFrameUnasked(frameBytes: number): void {
    this.out.reserve(64);
    this.op(0x20, this.depthLocal);
    this.out.u8(0x41);
    this.out.s32(frameBytes);
    this.out.u8(0x6b);
    this.op(0x21, this.depthLocal);
  }

  private ifNegative(withDepth: boolean, inPlace: boolean): void {
    const { out } = this;
    out.list([0x42, 0x00, 0x53]);
    this.unlikely.push(out.pos);
    out.list([0x04, 0x40]);
    if (inPlace) this.nextSlice();
    else {
      if (withDepth) this.op(0x20, this.depthLocal);
      this.getFuel();
      this.op(0x10, withDepth ? this.slow : this.refill);
      this.setFuel();
    }
    out.u8(0x0b);
    // What was written last is in an arm that hardly ever runs.
    this.forgetWrite();
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
    out.list([0x42, 0x00, 0x53, 0x04, 0x40]);
    this.op(0x10, this.exhausted);
    out.list([0x00, 0x0b]);
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
    out.list([0x04, 0x40]);
    this.op(0x23, this.fuel);
    this.op(0x10, this.refill);
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

  /**
   * Behind a call that left the fuel in its global: takes it to the operand stack, as a call of an inner function does.
   */
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
}
