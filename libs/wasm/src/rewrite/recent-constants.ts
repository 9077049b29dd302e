import { ByteReader } from '../binary/byte-reader.js';

/** More locals than this are not remembered. */
const settingsMax = 8;

/** Which locals the code has just set to constants, one right after the other, by where that stands in the module. */
export class RecentConstants {
  private readonly bytes: Uint8Array;
  private readonly locals = new Uint32Array(settingsMax);
  private readonly values = new Uint32Array(settingsMax);
  private count = 0;
  private end = -1;
  private constStart = -1;
  private constEnd = -1;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Notes an `i32.const`. */
  noteConst(start: number, end: number): void {
    this.constStart = start;
    this.constEnd = end;
  }

  /** Notes a `local.set`. */
  noteSet(local: number, start: number, end: number): void {
    if (start !== this.constEnd) return;
    if (this.end !== this.constStart || this.count === settingsMax) this.count = 0;
    this.locals[this.count] = local;
    this.values[this.count++] = this.constStart;
    this.end = end;
  }

  /** What a local was set to, when nothing else stands between that and `at`; undefined when it was not set there. */
  valueOf(local: number, at: number): number | undefined {
    if (at !== this.end) return undefined;
    for (let index = this.count - 1; index >= 0; index--) {
      if (this.locals[index] === local) return new ByteReader(this.bytes, (this.values[index] as number) + 1).s32();
    }
    return undefined;
  }
}
