import { ByteReader } from '../binary/byte-reader.js';
import { immediate as imm } from '../binary/immediates.js';
import { immediateOf, popsOf, pushesOf } from '../binary/opcodes.js';
import { readOperator } from '../inspect/operator-reader.js';
import { isFree } from '../inspect/operator-traits.js';
import { type CountedLoop, compareOp, type LoopTest, roundsOf } from './counted-loop.js';
import { skipStraight } from './operator-copy.js';

/** Longer loops gain nothing: what metering does in a round is small beside them. */
const operatorsMax = 320;
const bytesMax = 1_024;
/** No round of a loop that is left uncharged costs more. */
const costMax = 4_096;
/** How deep loops of known length may stand in each other; each level may read the code once more. */
const levelsMax = 3;

/** Keeps what a strip counts far from where 32 bits wrap around. */
const stepMax = 65_536;

const op = { loop: 0x03, if: 0x04, br: 0x0c, brIf: 0x0d, get: 0x20, set: 0x21, tee: 0x22, const: 0x41 } as const;
const [add, subtract] = [0x6a, 0x6b];

/** The comparison with its sides exchanged. */
const mirrored: Readonly<Record<number, number>> = {
  [compareOp.ne]: compareOp.ne,
  [compareOp.ltS]: compareOp.gtS,
  [compareOp.ltU]: compareOp.gtU,
  [compareOp.gtS]: compareOp.ltS,
  [compareOp.gtU]: compareOp.ltU,
  [compareOp.leS]: compareOp.geS,
  [compareOp.leU]: compareOp.geU,
  [compareOp.geS]: compareOp.leS,
  [compareOp.geU]: compareOp.leU,
};

/** The operators of one loop, read ahead to see whether it counts. Code that comes here has been checked. */
export class LoopScan {
  private readonly reader: ByteReader;
  private readonly level: number;
  private readonly slots = new Uint16Array(operatorsMax);
  private readonly starts = new Uint32Array(operatorsMax);
  /** The local or the constant of an operator that has one. */
  private readonly values = new Int32Array(operatorsMax);
  private readonly writtenInside = new Set<number>();
  private inner: LoopScan | undefined;
  private count = 0;
  private cost = 0;
  /** Operands on the stack: a branch may leave some behind, which the end of a block may not. */
  private height = 0;
  private testsFirst = false;
  /** What everything up to the test at the top costs. */
  private testCost = 0;

  constructor(bytes: Uint8Array, level = 1) {
    this.reader = new ByteReader(bytes);
    this.level = level;
  }

  /** Reads the loop whose block type is at `at`. @returns undefined when it is not of straight code or does not count. */
  find(at: number, bodyEnd: number): CountedLoop | undefined {
    const { reader } = this;
    this.count = 0;
    this.cost = 0;
    this.height = 0;
    this.testsFirst = false;
    this.writtenInside.clear();
    reader.pos = at;
    reader.end = bodyEnd;
    if (reader.u8() !== 0x40 || !this.read(at)) return undefined;
    return this.match(at + 1, reader.pos);
  }

  /** Reads up to the end of the loop. @returns whether it is straight code that goes back at its end and only there. */
  private read(start: number): boolean {
    const { reader } = this;
    while (this.count < operatorsMax && reader.pos - start < bytesMax) {
      const at = reader.pos;
      const slot = readOperator(reader);
      const kind = (immediateOf[slot] as number) - 1;
      if (!isFree(slot)) this.cost++;
      this.height += (pushesOf[slot] as number) - (popsOf[slot] as number);
      this.slots[this.count] = slot;
      this.starts[this.count++] = at;
      if (kind === imm.label) return this.endsHere(slot);
      if (kind === imm.block) {
        if (!this.openBlock(slot, at)) return false;
      } else if (!this.skip(kind)) return false;
    }
    return false;
  }

  private endsHere(slot: number): boolean {
    const { reader } = this;
    if (this.height !== 0) return false;
    const label = reader.u32();
    if (slot === op.brIf) return !this.testsFirst && label === 0 && reader.u8() === 0x0b;
    return slot === op.br && this.testsFirst && label === 1 && reader.u8() === 0x0b && reader.u8() === 0x0b;
  }

  private openBlock(slot: number, at: number): boolean {
    const { reader } = this;
    if (slot === op.loop) return this.openLoop(at);
    const isTest = slot === op.if && !this.testsFirst && this.count <= 4 && reader.u8() === 0x40;
    this.testsFirst = isTest;
    this.testCost = this.cost;
    return isTest;
  }

  /** A loop inside has to make the same number of rounds each time. */
  private openLoop(at: number): boolean {
    if (this.level >= levelsMax) return false;
    this.inner ??= new LoopScan(this.reader.bytes, this.level + 1);
    const loop = this.inner.find(this.reader.pos, this.reader.end);
    const from = loop && this.startOf(loop.local, this.count - 2);
    const rounds = loop && from !== undefined ? roundsOf(loop, from) : undefined;
    if (loop === undefined || rounds === undefined) return false;
    this.cost += rounds * loop.roundCost + loop.lastCost;
    if (this.cost > costMax) return false;
    this.inner.noteWrites(this.writtenInside);
    this.reader.pos = loop.end;
    return at < loop.end;
  }

  /** The constant that a local is set to right before operator `last + 1`, among other such settings. */
  private startOf(local: number, last: number): number | undefined {
    for (let at = last; at > 0 && this.slots[at] === op.set && this.slots[at - 1] === op.const; at -= 2) {
      if (this.values[at] === local) return this.values[at - 1];
    }
    return undefined;
  }

  private noteWrites(into: Set<number>): void {
    for (const local of this.writtenInside) into.add(local);
    for (let at = 0; at < this.count; at++) if (this.isWrite(at)) into.add(this.values[at] as number);
  }

  private isWrite(at: number): boolean {
    return this.slots[at] === op.set || this.slots[at] === op.tee;
  }

  /** Steps over what follows an operator. @returns false for operators that no straight code of fixed cost has. */
  private skip(kind: number): boolean {
    const { reader } = this;
    const at = this.count - 1;
    if (kind === imm.local) this.values[at] = reader.u32();
    else if (kind === imm.const32) this.values[at] = reader.s32();
    else return skipStraight(reader, kind);
    return true;
  }

  private match(start: number, end: number): CountedLoop | undefined {
    const { testsFirst } = this;
    // Before the test is an `if` at the top, or a `br_if` at the end.
    const branch = testsFirst ? this.slots.indexOf(op.if) : this.count - 1;
    const roundStart = testsFirst ? (this.starts[branch + 1] as number) : start;
    const roundEnd = testsFirst ? (this.starts[this.count - 1] as number) : end;
    const [roundCost, lastCost] = [this.cost, testsFirst ? this.testCost : 0];
    for (const [local, test] of this.tests(branch)) {
      const step = this.stepOf(local);
      if (step === undefined) continue;
      return { start, end, roundStart, roundEnd, local, step, test, testsFirst, roundCost, lastCost };
    }
    return undefined;
  }

  /** What the branch at an operator may be a test of: a local, and what it is compared with. */
  private *tests(branch: number): Generator<readonly [local: number, test: LoopTest]> {
    const before = branch - 1;
    const behind = this.starts[branch] as number;
    if (before < 0) return;
    if (this.givesLocal(before)) {
      // A test at the top is written once more elsewhere: nothing else may stand there.
      if (this.testsFirst && branch !== 1) return;
      const test = { compare: compareOp.ne, limitStart: behind, limitEnd: behind, limitLocal: -1, limitValue: 0 };
      yield [this.values[before] as number, test];
      return;
    }
    const compare = this.slots[before] as number;
    const other = mirrored[compare];
    if (other === undefined) return;
    const [left, right] = [branch - 3, branch - 2];
    if (left < 0 || (this.testsFirst && left > 0)) return;
    if (this.givesLocal(left) && this.isLimit(right)) yield [this.values[left] as number, this.testAt(compare, right)];
    if (this.slots[right] === op.get && this.isLimit(left))
      yield [this.values[right] as number, this.testAt(other, left)];
    // A local that is stepped and compared at once has its four operators on the right of the limit.
    const far = branch - 6;
    if (this.slots[right] === op.tee && far >= 0 && this.isLimit(far) && this.steps(right) !== undefined) {
      yield [this.values[right] as number, this.testAt(other, far)];
    }
  }

  private givesLocal(at: number): boolean {
    return this.slots[at] === op.get || this.slots[at] === op.tee;
  }

  private testAt(compare: number, limit: number): LoopTest {
    const isLocal = this.slots[limit] === op.get;
    const value = this.values[limit] as number;
    return {
      compare,
      limitStart: this.starts[limit] as number,
      limitEnd: this.starts[limit + 1] as number,
      limitLocal: isLocal ? value : -1,
      limitValue: isLocal ? 0 : value,
    };
  }

  /** Whether an operator gives the same number in every round. */
  private isLimit(at: number): boolean {
    if (this.slots[at] === op.const) return true;
    return (
      this.slots[at] === op.get &&
      this.writes(this.values[at] as number).length === 0 &&
      !this.writtenInside.has(this.values[at] as number)
    );
  }

  private writes(local: number): number[] {
    const found: number[] = [];
    for (let at = 0; at < this.count; at++) if (this.isWrite(at) && this.values[at] === local) found.push(at);
    return found;
  }

  /** By how much a local grows in each round; undefined when that is not always the same. */
  private stepOf(local: number): number | undefined {
    const writes = this.writes(local);
    if (writes.length !== 1 || this.writtenInside.has(local)) return undefined;
    const step = this.steps(writes[0] as number);
    return step === undefined || step === 0 || Math.abs(step) > stepMax ? undefined : step;
  }

  /** The step of a write that adds a constant to its own local. */
  private steps(write: number): number | undefined {
    const [operator, second, first] = [write - 1, write - 2, write - 3];
    if (first < 0) return undefined;
    const isOwn = (at: number): boolean => this.slots[at] === op.get && this.values[at] === this.values[write];
    const isAdd = this.slots[operator] === add;
    if (!isAdd && this.slots[operator] !== subtract) return undefined;
    if (isOwn(first) && this.slots[second] === op.const) return (isAdd ? 1 : -1) * (this.values[second] as number);
    return isAdd && isOwn(second) && this.slots[first] === op.const ? (this.values[first] as number) : undefined;
  }
}
