import type { ByteReader } from '../binary/byte-reader.js';
import type { ByteWriter } from '../binary/byte-writer.js';
import { immediate as imm } from '../binary/immediates.js';
import { structNewDefault, surchargedFields } from '../inspect/body-walker.js';
import type { DecodedModule } from '../inspect/decoded-module.js';
import { copyLengthOwner, isArrayBulk } from '../inspect/operator-traits.js';
import type { CodeEmitter } from './code-emitter.js';
import { copyOperator, skipStraight, skipValueType } from './operator-copy.js';
import type { RewritePlan } from './plan.js';

/** Rewrites operators on data: most are copied, those that may move much of it are charged by how much. */
export class DataOperators {
  private readonly plan: RewritePlan;
  private readonly module: DecodedModule;
  private readonly reader: ByteReader;
  private readonly out: ByteWriter;
  private readonly emit: CodeEmitter;

  constructor(plan: RewritePlan, reader: ByteReader, out: ByteWriter, emit: CodeEmitter) {
    this.plan = plan;
    this.module = plan.module;
    this.reader = reader;
    this.out = out;
    this.emit = emit;
  }

  /** Operators that may move much data: their cost is charged by a helper that sees how much. */
  copy(slot: number, kind: number, start: number): void {
    const { reader, plan, module, emit } = this;
    switch (kind) {
      case imm.memory: {
        const index = reader.u32();
        if (slot === 0x40) {
          emit.helperCall(plan.helper('memoryGrow', index));
          return;
        }
        if (slot !== 0x3f) emit.helperCall(plan.helper('memoryBulk', index));
        copyOperator(this.reader, this.out, start);
        return;
      }
      case imm.memoryInit:
        reader.u32();
        emit.helperCall(plan.helper('memoryInit', reader.u32()));
        copyOperator(this.reader, this.out, start);
        return;
      case imm.memoryCopy:
        emit.helperCall(plan.helper('memoryBulk', copyLengthOwner(reader.u32(), reader.u32(), module.memories)));
        copyOperator(this.reader, this.out, start);
        return;
      case imm.table:
        this.copyTable(slot, start);
        return;
      case imm.tableInit:
        reader.u32();
        emit.helperCall(plan.helper('tableInit', reader.u32()));
        copyOperator(this.reader, this.out, start);
        return;
      case imm.tableCopy:
        emit.helperCall(plan.helper('tableBulk', copyLengthOwner(reader.u32(), reader.u32(), module.tables)));
        copyOperator(this.reader, this.out, start);
        return;
      default:
        this.copyAggregate(slot, kind, start);
    }
  }

  private copyTable(slot: number, start: number): void {
    const index = this.reader.u32();
    const sub = slot - (256 + 320);
    if (sub === 15) {
      this.emit.helperCall(this.plan.helper('tableGrow', index));
      return;
    }
    if (sub === 17) this.emit.helperCall(this.plan.helper('tableBulk', index));
    copyOperator(this.reader, this.out, start);
  }

  private copyAggregate(slot: number, kind: number, start: number): void {
    const { reader, module, plan, emit } = this;
    if (kind >= imm.type && kind <= imm.typeType) {
      const type = module.types[reader.u32()];
      if (kind !== imm.type) reader.u32();
      const fields = type?.paramCount ?? 0;
      if (slot - 256 === structNewDefault && fields >= surchargedFields) emit.surcharge(fields);
      if (isArrayBulk(slot - 256)) emit.helperCall(plan.helper('arrayBulk', type?.elementShift ?? 3));
    } else this.skipPlain(kind);
    copyOperator(this.reader, this.out, start);
  }

  private skipPlain(kind: number): void {
    const { reader } = this;
    if (skipStraight(reader, kind)) return;
    if (kind === imm.heapType) reader.s33();
    else if (kind === imm.refFunc || kind === imm.dataIndex || kind === imm.elementIndex) reader.u32();
    else if (kind === imm.selectTypes) {
      reader.u32();
      skipValueType(reader);
    }
  }
}
