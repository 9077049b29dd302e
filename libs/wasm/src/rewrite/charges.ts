import { loopNote } from '../inspect/decoded-module.js';
import type { CodeEmitter } from './code-emitter.js';
import { OpenBlocks } from './open-blocks.js';

/**
 * What may be charged on any path before the next charge brings a check along. Small, because functions that return
 * into each other add up: some 8,000 frames fit the default stack, and each may leave this much behind its last check.
 * Also the largest cost of one segment, which with one operator more must fit the two bytes that are kept free for it.
 */
const uncheckedMax = 256;

/** Stands for the segment of a block that has none yet, and for that of a block that will have none. */
const [unset, none] = [-2, -1];

/**
 * Groups operators into segments that run as a whole, and charges each segment before its first operator. A segment
 * ends where control may go elsewhere or come from elsewhere; a block that nothing branches to ends nothing. Code behind
 * a block that can only be left through its end runs whenever the code before the block does: there the segment before
 * the block goes on.
 *
 * Follows how much can have been charged since the last check, along the worst path to where it is: code only goes
 * forward between loop heads, and these always check.
 */
export class Charges {
  depth = 0;
  private readonly emit: CodeEmitter;
  private readonly blocks = new OpenBlocks();

  private checked = false;
  /** Whether the charge of the segment is a plain one, which can also be made where the segment ends. */
  private movable = false;
  /** Whether it takes the fuel from the operand stack, where a call has left it. */
  private returning = false;
  private unchecked = 0;
  /** Whether the function asked as it was entered. */
  private asked = false;
  /** Whether the function asks before its first call, and on some path to here has not done so. */
  private late = false;
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

  /**
   * Starts a function: entering costs 1.
   * @param check whether to ask at once if anything is left; else the caller answers for what runs here.
   * @param frameBytes what the check also takes off the stack.
   */
  enter(check: boolean, frameBytes: number | undefined): void {
    this.depth = 0;
    this.deadDepth = -1;
    this.free = false;
    this.checkPending = false;
    this.late = false;
    this.asked = check;
    this.cost = 1;
    this.unchecked = 1;
    this.patchAt = this.emit.charge(check, frameBytes, false);
    this.checked = check;
    this.movable = !check && !this.emit.keepsFuelInGlobal;
    this.returning = false;
  }

  /**
   * Starts a function that asks before its first call, on whatever path that is: without calls it is so short that its
   * caller answers for it.
   */
  enterLate(frameBytes: number): void {
    this.emit.takeFrameUnasked(frameBytes);
    this.enter(false, undefined);
    this.late = true;
  }

  /** Notes that a call comes next: nothing may be called before something has asked. */
  beforeCall(): void {
    if (!this.late || this.deadDepth >= 0) return;
    this.leave();
    this.close();
    this.emit.checkBeforeCall();
    this.late = false;
    this.unchecked = 0;
  }

  /** Starts a function that its callers pay for: nothing is charged in it. */
  enterFree(): void {
    this.depth = 0;
    this.late = false;
    this.deadDepth = 0;
    this.patchAt = -1;
    this.free = true;
  }

  add(cost: number): void {
    if (this.deadDepth >= 0 || this.free) return;
    if (this.patchAt < 0) this.start();
    this.cost += cost;
    this.unchecked += cost;
    if (this.cost >= uncheckedMax) this.close();
  }

  /** Whether what comes next is charged here at all, and can be reached. */
  get counts(): boolean {
    return this.deadDepth < 0 && !this.free;
  }

  /**
   * Takes a loop of known length into the segment.
   * @returns false when it costs too much for that, or for a caller to answer for: see {@link chargeLoop}.
   */
  takeLoop(cost: number): boolean {
    const fits = this.asked && this.unchecked + cost <= uncheckedMax;
    if (!fits || this.cost + cost > uncheckedMax) this.close();
    if (fits) this.add(cost);
    return fits;
  }

  /** Charges a loop of known length behind it, with a check. */
  chargeLoop(cost: number): void {
    this.checkPending = true;
    this.tightLoop = false;
    this.add(cost);
    this.unchecked = 0;
  }

  /** Notes that something just asked if anything is left, and charged all before. */
  checkedHere(): void {
    this.unchecked = 0;
  }

  close(): void {
    if (this.patchAt < 0) return;
    if (this.depth > 0 && this.blocks.segments[this.depth - 1] === this.patchAt)
      this.emit.writeCharge(this.patchAt, this.cost);
    else if (this.cost === 0 && this.returning) this.emit.removeReturned(this.patchAt);
    else if (this.cost === 0 && this.movable) this.emit.removeCharge(this.patchAt);
    else this.emit.patchCharge(this.patchAt, this.cost);
    this.patchAt = -1;
    this.cost = 0;
  }

  /**
   * Ends the segment before something that takes the fuel from here and does not give it back to the local: there the
   * charge can be made on the way, without writing the local.
   * @returns what is still to be charged.
   */
  closeInto(): number {
    const { patchAt, cost } = this;
    const keepsOpen = this.depth > 0 && this.blocks.segments[this.depth - 1] === patchAt;
    if (patchAt < 0 || keepsOpen || !this.movable || cost === 0 || !this.emit.canMove(patchAt)) {
      this.close();
      return 0;
    }
    this.emit.removeCharge(patchAt);
    this.patchAt = -1;
    this.cost = 0;
    return cost;
  }

  /**
   * Goes on behind a call of an inner function, with the fuel on the operand stack.
   * @param unchecked what the callee may have run through without a check.
   */
  returned(unchecked: number): void {
    this.unchecked += unchecked;
    if (this.deadDepth >= 0 || this.unchecked >= uncheckedMax) this.emit.keepReturned();
    else {
      this.patchAt = this.emit.chargeReturned();
      this.checked = false;
      this.movable = false;
      this.returning = true;
    }
  }

  /** Notes that the run may end here, or leave the function. */
  leave(): void {
    if (this.depth > 0) this.blocks.reach[this.depth - 1] = -1;
  }

  /** Notes a branch to a label, counted from the innermost block. */
  target(label: number): void {
    if (this.depth > 0) this.lower(this.depth - 1, this.depth - 1 - label);
    this.arrive(label, this.unchecked, this.late);
  }

  /** Notes that a handler goes to a label: from where, nobody knows, so there is a check behind it. */
  handlerTarget(label: number): void {
    this.arrive(label, uncheckedMax, this.late);
  }

  /** How the target of a label asks whether anything is left when a branch goes back to it: see `waysBack`. */
  wayBack(label: number): number {
    return this.deadDepth >= 0 || label >= this.depth ? 0 : (this.blocks.waysBack[this.depth - 1 - label] as number);
  }

  /** Enters a block; of a loop with the note that was made of it. */
  open(opcode: number, note = 0): void {
    if (this.depth === this.blocks.size) this.blocks.grow();
    // Exceptions leave a block from anywhere.
    this.blocks.reach[this.depth] = opcode > 0x05 ? -1 : this.depth;
    if (opcode === 0x03) this.settle(none);
    this.blocks.segments[this.depth] = this.patchAt >= 0 ? this.patchAt : opcode === 0x02 ? unset : none;
    this.blocks.kinds[this.depth] = opcode;
    this.blocks.targeted[this.depth] = 0;
    this.blocks.atEnd[this.depth] = 0;
    this.blocks.atStart[this.depth] = this.unchecked;
    this.blocks.lateAtEnd[this.depth] = 0;
    this.blocks.lateAtStart[this.depth] = this.late ? 1 : 0;
    const tight = (note & loopNote.tight) !== 0;
    const late = opcode === 0x03 && tight && (note & loopNote.manyWaysBack) === 0;
    this.blocks.waysBack[this.depth] = late ? (tight ? 2 : 1) : 0;
    this.blocks.turns[this.depth] = (note & loopNote.turnsInIf) !== 0 && late ? 1 : 0;
    const goesOn = this.takeTurn() && opcode === 0x04 && this.patchAt >= 0 && !this.checked;
    this.blocks.through[this.depth] = goesOn ? this.patchAt : -1;
    this.blocks.costBefore[this.depth] = this.cost;
    this.depth++;
    if (opcode !== 0x02 && !goesOn) this.close();
    if (this.deadDepth >= 0) this.deadDepth++;
    else if (opcode === 0x03 && !late) {
      this.checkPending = true;
      this.tightLoop = tight;
    }
  }

  /**
   * Notes that an `end` comes next. Where branches in an `if` that a loop goes round in lead to its end, only the way
   * around the arm gives back what was charged for it: that takes an arm of its own.
   */
  beforeEnd(): void {
    const at = this.depth - 1;
    if (this.deadDepth > 0 || (this.blocks.through[at] as number) < 0 || this.blocks.targeted[at] === 0) return;
    this.emit.otherArm();
    this.emit.patchCharge(this.emit.charge(false, undefined, false), -this.chargedThrough(at));
    this.blocks.through[at] = -1;
  }

  end(): void {
    this.depth--;
    const kind = this.blocks.kinds[this.depth] as number;
    const joins = (kind !== 0x02 && kind !== 0x03) || (kind === 0x02 && this.blocks.targeted[this.depth] === 1);
    if (this.deadDepth > 0) this.deadDepth--;
    else {
      if (this.deadDepth === 0) this.deadDepth = -1;
      else if (joins) this.close();
      // An `if` may have no other arm: then its end is reached from its start.
      const skipped = kind === 0x04 ? (this.blocks.atStart[this.depth] as number) : 0;
      this.unchecked = Math.max(this.unchecked, skipped, this.blocks.atEnd[this.depth] as number);
      const skippedLate = kind === 0x04 && this.blocks.lateAtStart[this.depth] === 1;
      this.late = this.late || skippedLate || this.blocks.lateAtEnd[this.depth] === 1;
      if ((this.blocks.through[this.depth] as number) >= 0) this.giveBack();
      else if (this.blocks.reach[this.depth] === this.depth) this.goOn(this.blocks.segments[this.depth] as number);
    }
    if (this.depth > 0) this.lower(this.depth - 1, this.blocks.reach[this.depth] as number);
  }

  /** Whether the block that opens is the first one of a loop that goes round in it. */
  private takeTurn(): boolean {
    if (this.depth === 0 || this.blocks.turns[this.depth - 1] === 0) return false;
    this.blocks.turns[this.depth - 1] = 0;
    return true;
  }

  /** Behind the `if` that a loop goes round in: what was charged for its arm in advance has not run this time. */
  private giveBack(): void {
    const charged = this.chargedThrough(this.depth);
    if (charged === 0) return;
    this.start();
    this.cost = -charged;
  }

  /** What was charged in advance for the arm of an `if` that a loop goes round in. */
  private chargedThrough(at: number): number {
    return this.emit.chargeAt(this.blocks.through[at] as number) - (this.blocks.costBefore[at] as number);
  }

  /** The other arm of an `if`. */
  otherArm(): void {
    const at = this.depth - 1;
    if (this.deadDepth <= 0) this.arrive(0, this.unchecked, this.late);
    this.split();
    if (this.deadDepth >= 0) return;
    this.unchecked = this.blocks.atStart[at] as number;
    this.late = this.blocks.lateAtStart[at] === 1;
  }

  /** A handler inside its block: where it comes from, nobody knows, so it starts with a check. */
  handler(): void {
    this.split();
    this.unchecked = uncheckedMax;
  }

  dead(): void {
    if (this.deadDepth < 0) this.deadDepth = 0;
  }

  private lower(block: number, reach: number): void {
    if (reach < (this.blocks.reach[block] as number)) this.blocks.reach[block] = reach;
  }

  /** Takes the segment before a block up again. */
  private goOn(segment: number): void {
    if (segment < 0 || this.patchAt >= 0 || this.checkPending || this.unchecked >= uncheckedMax) return;
    const cost = this.emit.readCharge(segment);
    if (cost >= uncheckedMax) return;
    this.patchAt = segment;
    this.cost = cost;
    this.checked = true;
    this.movable = false;
    this.returning = false;
  }

  /** Blocks that started without a segment get this one. */
  private settle(segment: number): void {
    for (let at = this.depth - 1; at >= 0 && this.blocks.segments[at] === unset; at--)
      this.blocks.segments[at] = segment;
  }

  private start(): void {
    const check = this.checkPending || this.unchecked >= uncheckedMax;
    this.patchAt = this.emit.charge(check, undefined, this.checkPending && this.tightLoop);
    this.settle(this.patchAt);
    this.checkPending = false;
    this.checked = check;
    this.movable = !check && !this.emit.keepsFuelInGlobal;
    this.returning = false;
    if (check) this.unchecked = 0;
  }

  private arrive(label: number, unchecked: number, late: boolean): void {
    if (label >= this.depth) return;
    const at = this.depth - 1 - label;
    this.blocks.targeted[at] = 1;
    if (unchecked > (this.blocks.atEnd[at] as number)) this.blocks.atEnd[at] = unchecked;
    if (late) this.blocks.lateAtEnd[at] = 1;
  }

  private split(): void {
    if (this.deadDepth === 0) this.deadDepth = -1;
    else if (this.deadDepth < 0) this.close();
  }
}
