import type { ByteWriter } from '../binary/byte-writer.js';

/** Code behind a charge is moved up to save bytes only when it is short: nested blocks would make the time quadratic. */
const movedBytesMax = 1_024;

/**
 * Reads and writes the fuel of the function that is being written, and changes charges that have been written: what a
 * segment costs is known only where it ends.
 */
export class FuelWriter {
  /** Offsets of the checks' branches in the body, for the branch hints: they are almost never taken. */
  readonly unlikely: number[] = [];
  protected readonly out: ByteWriter;
  protected readonly fuel: number;
  protected fuelLocal = 0;
  protected fuelInGlobal = false;
  /** Where the last write of the fuel's local starts and ends, or -1. */
  private setStart = -1;
  private setEnd = -1;

  /** @param fuel the index of the global that holds the fuel between functions. */
  constructor(out: ByteWriter, fuel: number) {
    this.out = out;
    this.fuel = fuel;
  }

  protected enterFuel(fuelLocal: number, fuelInGlobal: boolean): void {
    this.fuelLocal = fuelLocal;
    this.fuelInGlobal = fuelInGlobal;
    this.unlikely.length = 0;
    this.setEnd = -1;
  }

  /** Whether the function being written has no copy of the fuel of its own. */
  get keepsFuelInGlobal(): boolean {
    return this.fuelInGlobal;
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
    const access = this.fuelLocal < 0x80 ? 2 : this.fuelLocal < 0x4000 ? 3 : 4;
    // Where the fuel was written right before or read right behind, one operator did both.
    const readAt = patchAt - 1 - access;
    const readsOnly = bytes[readAt] === 0x20;
    const writesOnly = bytes[patchAt + 3] === 0x21;
    if (!readsOnly) bytes[readAt] = 0x21;
    if (!writesOnly) bytes[patchAt + 3] = 0x20;
    const from = readsOnly ? readAt : patchAt - 1;
    this.drop(from, patchAt + 3 + (writesOnly ? access : 0) - from);
  }

  /** Right behind a write of the local, the write becomes one that leaves the value on the operand stack. */
  protected getFuel(owed = 0): void {
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

  protected setFuel(): void {
    if (this.fuelInGlobal) {
      this.op(0x24, this.fuel);
      return;
    }
    this.setStart = this.out.pos;
    this.op(0x21, this.fuelLocal);
    this.setEnd = this.out.pos;
  }

  /** What was written last may not have run where the code goes on. */
  protected forgetWrite(): void {
    this.setEnd = -1;
  }

  protected op(opcode: number, index: number): void {
    this.out.u8(opcode);
    this.out.u32(index);
  }
}
