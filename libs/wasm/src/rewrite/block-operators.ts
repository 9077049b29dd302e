import { ByteReader } from '../binary/byte-reader.js';
import type { ByteWriter } from '../binary/byte-writer.js';
import { immediate as imm } from '../binary/immediates.js';
import { type DecodedModule, loopNote } from '../inspect/decoded-module.js';
import type { Charges } from './charges.js';
import type { CodeEmitter } from './code-emitter.js';
import type { CountedLoopWriter } from './counted-loop-writer.js';
import { copyOperator, skipValueType } from './operator-copy.js';
import type { RecentConstants } from './recent-constants.js';

/** Rewrites blocks and branches: they are where segments start and end, and where loops ask for fuel. */
export class BlockOperators {
  private readonly module: DecodedModule;
  private readonly reader: ByteReader;
  private readonly out: ByteWriter;
  private readonly emit: CodeEmitter;
  private readonly charges: Charges;
  private readonly counted: CountedLoopWriter;
  private readonly constants: RecentConstants;

  constructor(
    module: DecodedModule,
    reader: ByteReader,
    out: ByteWriter,
    emit: CodeEmitter,
    charges: Charges,
    counted: CountedLoopWriter,
    constants: RecentConstants,
  ) {
    this.module = module;
    this.reader = reader;
    this.out = out;
    this.emit = emit;
    this.charges = charges;
    this.counted = counted;
    this.constants = constants;
  }

  /** Branches with one label. */
  copyBranch(slot: number, start: number): void {
    const { charges, emit, out } = this;
    charges.add(1);
    const label = this.reader.u32();
    charges.target(label);
    charges.close();
    const wayBack = charges.wayBack(label);
    if (wayBack === 0) copyOperator(this.reader, this.out, start);
    else if (slot === 0x0c) {
      emit.checkWayBack(wayBack === 2);
      copyOperator(this.reader, this.out, start);
    } else {
      out.list([0x04, 0x40]);
      emit.checkWayBack(wayBack === 2);
      out.u8(0x0c);
      out.u32(label + 1);
      out.u8(0x0b);
    }
    if (slot === 0x0c) charges.dead();
  }

  /** Notes the targets of a `br_table`. */
  markTable(): void {
    const count = this.reader.u32();
    for (let at = 0; at <= count; at++) this.charges.target(this.reader.u32());
  }

  /** What opens a block. */
  copyBlock(slot: number, kind: number, start: number): void {
    const { reader, charges } = this;
    if (slot !== 0x02 && slot !== 0x03) charges.add(1);
    const byte = reader.bytes[reader.pos] as number;
    const typeStart = reader.pos;
    if (byte === 0x63 || byte === 0x64) skipValueType(reader);
    else reader.s33();
    if (kind === imm.tryTable) this.markHandlers();
    const note = slot === 0x03 ? this.noteOfLoop(typeStart) : 0;
    if (slot === 0x03 && this.copyCounted(note, start, typeStart)) return;
    // A loop with calls would ask in every round for what is asked once.
    if (slot === 0x03 && (note & loopNote.tight) === 0) charges.beforeCall();
    copyOperator(this.reader, this.out, start);
    charges.open(slot, note);
  }

  private copyCounted(note: number, start: number, typeStart: number): boolean {
    const { reader, charges, constants } = this;
    if ((note & loopNote.wayBack) === 0 || (note & loopNote.manyWaysBack) !== 0 || !charges.counts) return false;
    const end = reader.pos;
    reader.pos = typeStart;
    if (this.counted.copy((local) => constants.valueOf(local, start))) return true;
    reader.pos = end;
    return false;
  }

  /** A loop with parameters gets them with the branch, so nothing can stand before one that has a condition. */
  private noteOfLoop(typeAt: number): number {
    const note = this.module.loops.take();
    const byte = this.reader.bytes[typeAt] as number;
    if (byte >= 0x40 && byte < 0x80) return note;
    const type = this.module.types[new ByteReader(this.reader.bytes, typeAt).s33()];
    return type?.paramCount === 0 ? note : note | loopNote.manyWaysBack;
  }

  private markHandlers(): void {
    const { reader } = this;
    const count = reader.u32();
    for (let at = 0; at < count; at++) {
      if (reader.u8() < 2) reader.u32();
      this.charges.handlerTarget(reader.u32());
    }
  }
}
