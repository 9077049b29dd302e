import type { CodeEmitter } from './code-emitter.js';

/** The largest amount that fits the two bytes kept free for it; longer stretches of code get a second charge. */
const segmentMax = 8_191;
/** The most that one operator can add: a call of a function whose caller pays for it. */
const reserveMax = 1_001;

/**
 * Groups operators into segments that run as a whole, and charges each segment before its first operator. A segment
 * ends where control may go elsewhere or come from elsewhere; a block that nothing branches to ends nothing.
 */
export class Charges {
  depth = 0;
  private readonly emit: CodeEmitter;
  private kinds = new Uint8Array(64);
  private targeted = new Uint8Array(64);
  private cost = 0;
  private patchAt = -1;
  private checkPending = false;
  private tightLoop = false;
  private free = false;
  /** Number of open blocks inside code that cannot run, or -1 when code can run. */
  private deadDepth = -1;

  constructor(emit: CodeEmitter) {
    this.emit = emit;
  }

  /** Starts a function: entering costs 1. `frameBytes` is what a check also takes off the stack, if it is to check. */
  enter(frameBytes: number | undefined): void {
    this.depth = 0;
    this.deadDepth = -1;
    this.free = false;
    this.checkPending = false;
    this.cost = 1;
    this.patchAt = this.emit.charge(frameBytes !== undefined, frameBytes, false);
  }

  /** Starts a function that its callers pay for: nothing is charged in it. */
  enterFree(): void {
    this.depth = 0;
    this.deadDepth = 0;
    this.patchAt = -1;
    this.free = true;
  }

  add(cost: number): void {
    if (this.deadDepth >= 0 || this.free) return;
    if (this.patchAt < 0) {
      this.patchAt = this.emit.charge(this.checkPending, undefined, this.tightLoop);
      this.checkPending = false;
    }
    this.cost += cost;
    if (this.cost > segmentMax - reserveMax) this.close();
  }

  close(): void {
    if (this.patchAt < 0) return;
    this.emit.patchCharge(this.patchAt, this.cost);
    this.patchAt = -1;
    this.cost = 0;
  }

  /** Notes a branch to a label, counted from the innermost block. */
  target(label: number): void {
    if (label < this.depth) this.targeted[this.depth - 1 - label] = 1;
  }

  /** Enters a block; a tight loop is one that has neither calls nor other loops in it. */
  open(opcode: number, tightLoop = false): void {
    if (this.depth === this.kinds.length) this.grow();
    this.kinds[this.depth] = opcode;
    this.targeted[this.depth] = 0;
    this.depth++;
    if (this.deadDepth >= 0) this.deadDepth++;
    else if (opcode === 0x03) {
      this.checkPending = true;
      this.tightLoop = tightLoop;
    }
  }

  end(): void {
    this.depth--;
    const kind = this.kinds[this.depth] as number;
    const joins = (kind !== 0x02 && kind !== 0x03) || (kind === 0x02 && this.targeted[this.depth] === 1);
    if (this.deadDepth > 0) this.deadDepth--;
    else if (this.deadDepth === 0) this.deadDepth = -1;
    else if (joins) this.close();
  }

  /** The other arm of an `if`, or a handler. */
  split(): void {
    if (this.deadDepth === 0) this.deadDepth = -1;
    else if (this.deadDepth < 0) this.close();
  }

  dead(): void {
    if (this.deadDepth < 0) this.deadDepth = 0;
  }

  private grow(): void {
    const larger = (old: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
      const copy = new Uint8Array(old.length * 2);
      copy.set(old);
      return copy;
    };
    this.kinds = larger(this.kinds);
    this.targeted = larger(this.targeted);
  }
}
