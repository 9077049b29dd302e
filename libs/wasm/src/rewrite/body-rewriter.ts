import { ByteReader } from '../binary/byte-reader.js';
import { ByteWriter } from '../binary/byte-writer.js';
import { immediate as imm } from '../binary/immediates.js';
import { immediateOf } from '../binary/opcodes.js';
import { copyLengthOwner, isArrayBulk, structNewDefault, surchargedFields } from '../inspect/body-walker.js';
import { bodyFlag, type DecodedModule } from '../inspect/decoded-module.js';
import { readOperator } from '../inspect/operator-reader.js';
import { Charges } from './charges.js';
import { CodeEmitter } from './code-emitter.js';
import { type RewritePlan, type Shape, shape } from './plan.js';

/** What a throw costs beside its 1: the engine makes an object and unwinds frames, which takes some 300 ns. */
const throwFuel = 200;

/** Rewrites function bodies, one after the other, into one reused buffer. */
export class BodyRewriter {
  readonly out = new ByteWriter(65_536);
  readonly emit: CodeEmitter;
  readonly charges: Charges;
  private readonly plan: RewritePlan;
  private readonly module: DecodedModule;
  private readonly reader: ByteReader;
  private paramCount = 0;
  private shape: Shape = shape.full;
  private localShift = 0;
  private wrapsBody = false;
  private frame = 0;

  constructor(plan: RewritePlan) {
    this.plan = plan;
    this.module = plan.module;
    this.reader = new ByteReader(plan.module.bytes);
    this.emit = new CodeEmitter(this.out, plan);
    this.charges = new Charges(this.emit);
  }

  /**
   * Rewrites one body; `out` then holds it without its size. With `paysItself` a body that callers would pay for gets
   * a charge of its own, for callers that come through a table or from outside.
   */
  rewrite(defined: number, paysItself = false): void {
    const { module, plan, out, emit, reader, charges } = this;
    const typeIndex = module.functionTypes[module.importedFunctions + defined] as number;
    const flags = module.bodyFlags[defined] as number;
    const own = plan.shape(module.importedFunctions + defined);
    this.shape = own;
    this.paramCount = module.types[typeIndex]?.paramCount ?? 0;
    this.frame = plan.frame(defined);
    this.wrapsBody = (flags & bodyFlag.branchesToEnd) !== 0;
    out.pos = 0;
    reader.pos = module.bodyStarts[defined] as number;
    reader.end = module.bodyEnds[defined] as number;
    this.localShift = own === shape.full ? 2 : own === shape.leaf ? 1 : 0;
    const added = own === shape.outer ? (module.bodyLocals[defined] as number) : this.paramCount;
    emit.enter(added, own === shape.leaf ? added : added + 1, (flags & bodyFlag.handlers) !== 0, own);
    this.copyLocals();
    if (own === shape.outer) emit.loadAtOuterEntry();
    else emit.loadAtInnerEntry();
    if (paysItself) emit.payFixed(plan.fixedCost(module.importedFunctions + defined));
    if (own === shape.free) charges.enterFree();
    else if (own !== shape.leaf) charges.enter(true, this.frame);
    else charges.enter(plan.uncheckedCost(module.importedFunctions + defined) === 0, undefined);
    if (this.wrapsBody) this.openWrapper(typeIndex);
    this.copyCode();
    emit.exit(this.frame);
    out.u8(0x0b);
  }

  private copyLocals(): void {
    const { reader, out } = this;
    const outer = this.shape === shape.outer;
    const groups = reader.u32();
    out.u32(outer ? groups + 2 : groups);
    const start = reader.pos;
    for (let at = 0; at < groups; at++) {
      reader.skipLeb(5);
      skipValueType(reader);
    }
    out.raw(reader.bytes, start, reader.pos);
    if (outer) out.list([1, 0x7f, 1, 0x7e]);
  }

  /** A block around the body turns branches to the function's own label into branches to the code that leaves it. */
  private openWrapper(typeIndex: number): void {
    const type = this.module.types[typeIndex];
    const count = type?.resultCount ?? 0;
    this.out.u8(0x02);
    if (count === 0) this.out.u8(0x40);
    else if (count === 1 && type !== undefined) this.out.raw(this.reader.bytes, type.results.start, type.results.end);
    else this.out.s32(this.plan.types.results(typeIndex));
  }

  private copyCode(): void {
    const { reader, out, charges } = this;
    for (;;) {
      out.reserve(256);
      const start = reader.pos;
      const slot = readOperator(reader);
      const kind = (immediateOf[slot] as number) - 1;
      if (kind === imm.none) {
        if (slot !== 0x01 && slot !== 0x1a) charges.add(1);
        this.copy(start);
      } else if (kind === imm.local) {
        charges.add(1);
        this.copyLocal(slot);
      } else if (kind === imm.end) {
        if (charges.depth === 0) break;
        charges.end();
        out.u8(0x0b);
      } else {
        this.copyOther(slot, kind, start);
      }
    }
    if (this.wrapsBody) out.u8(0x0b);
    charges.close();
  }

  private copy(start: number): void {
    const { reader, out } = this;
    const { bytes, pos } = reader;
    if (pos - start > 200) out.reserve(pos - start + 64);
    if (pos - start > 40) {
      out.raw(bytes, start, pos);
      return;
    }
    for (let at = start; at < pos; at++) out.bytes[out.pos++] = bytes[at] as number;
  }

  private copyLocal(slot: number): void {
    const { out, reader } = this;
    const index = reader.u32();
    out.bytes[out.pos++] = slot;
    out.u32(index < this.paramCount ? index : index + this.localShift);
  }

  private copyOther(slot: number, kind: number, start: number): void {
    const { reader, charges } = this;
    switch (kind) {
      case imm.const32:
        charges.add(1);
        reader.skipLeb(5);
        this.copy(start);
        return;
      case imm.memarg:
        charges.add(1);
        this.skipMemarg();
        this.copy(start);
        return;
      case imm.const64:
        charges.add(1);
        reader.skipLeb(10);
        this.copy(start);
        return;
      case imm.global:
        charges.add(1);
        this.out.u8(slot);
        this.out.u32(this.plan.global(reader.u32()));
        return;
      case imm.call:
        this.copyCall(slot);
        return;
      case imm.callIndirect:
        reader.u32();
        reader.u32();
        this.copyIndirect(slot, start);
        return;
      case imm.callRef:
        reader.u32();
        this.copyIndirect(slot, start);
        return;
      case imm.block:
      case imm.tryTable:
        this.copyBlock(slot, kind, start);
        return;
      case imm.label:
        this.copyBranch(slot, start);
        return;
      default:
        this.copyRare(slot, kind, start);
        return;
    }
  }

  private copyRare(slot: number, kind: number, start: number): void {
    const { reader, charges, emit, out } = this;
    switch (kind) {
      case imm.else:
        charges.otherArm();
        this.copy(start);
        return;
      case imm.catchAll:
        charges.handler();
        this.copy(start);
        return;
      case imm.catch:
        reader.u32();
        charges.handler();
        this.copy(start);
        return;
      case imm.delegate:
        reader.u32();
        charges.end();
        this.copy(start);
        return;
      case imm.brTable:
        charges.add(1);
        charges.close();
        this.markTable();
        this.copy(start);
        charges.dead();
        return;
      case imm.return:
        charges.leave();
        charges.close();
        emit.exit(this.frame);
        this.copy(start);
        charges.dead();
        return;
      case imm.unreachable:
        charges.leave();
        charges.close();
        emit.flushFuel();
        out.u8(slot);
        charges.dead();
        return;
      case imm.tag:
      case imm.rethrow:
        reader.u32();
        this.copyThrow(start);
        return;
      case imm.throwRef:
        this.copyThrow(start);
        return;
      case imm.branchCast:
        charges.add(1);
        reader.u8();
        charges.target(reader.u32());
        reader.s33();
        reader.s33();
        charges.close();
        this.copy(start);
        return;
      default:
        charges.add(1);
        this.copyMoving(slot, kind, start);
    }
  }

  /** Operators that may move much data: their cost is charged by a helper that sees how much. */
  private copyMoving(slot: number, kind: number, start: number): void {
    const { reader, plan, module, emit } = this;
    switch (kind) {
      case imm.memory: {
        const index = reader.u32();
        if (slot === 0x40) {
          emit.helperCall(plan.helper('memoryGrow', index));
          return;
        }
        if (slot !== 0x3f) emit.helperCall(plan.helper('memoryBulk', index));
        this.copy(start);
        return;
      }
      case imm.memoryInit:
        reader.u32();
        emit.helperCall(plan.helper('memoryInit', reader.u32()));
        this.copy(start);
        return;
      case imm.memoryCopy:
        emit.helperCall(plan.helper('memoryBulk', copyLengthOwner(reader.u32(), reader.u32(), module.memories)));
        this.copy(start);
        return;
      case imm.table:
        this.copyTable(slot, start);
        return;
      case imm.tableInit:
        reader.u32();
        emit.helperCall(plan.helper('tableInit', reader.u32()));
        this.copy(start);
        return;
      case imm.tableCopy:
        emit.helperCall(plan.helper('tableBulk', copyLengthOwner(reader.u32(), reader.u32(), module.tables)));
        this.copy(start);
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
    this.copy(start);
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
    this.copy(start);
  }

  private skipPlain(kind: number): void {
    const { reader } = this;
    if (kind === imm.bytes4) reader.skip(4);
    else if (kind === imm.bytes8) reader.skip(8);
    else if (kind === imm.bytes16) reader.skip(16);
    else if (kind === imm.lane) reader.skip(1);
    else if (kind === imm.heapType) reader.s33();
    else if (kind === imm.refFunc || kind === imm.dataIndex || kind === imm.elementIndex) reader.u32();
    else if (kind === imm.memargLane) {
      this.skipMemarg();
      reader.skip(1);
    } else if (kind === imm.selectTypes) {
      reader.u32();
      skipValueType(reader);
    }
  }

  private skipMemarg(): void {
    const { reader } = this;
    if (reader.u32() & 0x40) reader.u32();
    reader.skipLeb(10);
  }

  private copyThrow(start: number): void {
    this.charges.add(1);
    this.charges.leave();
    this.charges.close();
    this.emit.surcharge(throwFuel);
    this.emit.flushFuel();
    this.copy(start);
    this.charges.dead();
  }

  private copyBranch(slot: number, start: number): void {
    const { charges } = this;
    charges.add(1);
    charges.target(this.reader.u32());
    charges.close();
    this.copy(start);
    if (slot === 0x0c) charges.dead();
  }

  private markTable(): void {
    const count = this.reader.u32();
    for (let at = 0; at <= count; at++) this.charges.target(this.reader.u32());
  }

  private copyBlock(slot: number, kind: number, start: number): void {
    const { reader, charges } = this;
    if (slot !== 0x02 && slot !== 0x03) charges.add(1);
    const byte = reader.bytes[reader.pos] as number;
    if (byte === 0x63 || byte === 0x64) skipValueType(reader);
    else reader.s33();
    if (kind === imm.tryTable) this.markHandlers();
    this.copy(start);
    charges.open(slot, slot === 0x03 && this.module.tightLoops.take());
  }

  private markHandlers(): void {
    const { reader } = this;
    const count = reader.u32();
    for (let at = 0; at < count; at++) {
      if (reader.u8() < 2) reader.u32();
      this.charges.handlerTarget(reader.u32());
    }
  }

  private copyCall(slot: number): void {
    const { plan, charges, emit, out } = this;
    const index = this.reader.u32();
    const inner = plan.innerIndex[index] as number;
    const callee = plan.shape(index);
    charges.add(callee === shape.free && slot === 0x10 ? 1 + plan.fixedCost(index) : 1);
    if (callee !== shape.free || slot === 0x12) charges.leave();
    if (slot === 0x12) {
      charges.close();
      emit.exit(this.frame);
      out.u8(slot);
      out.u32(index);
      charges.dead();
      return;
    }
    // What follows must not be charged yet: the callee may end the run.
    if (callee === shape.free) {
      emit.freeCall(inner);
      return;
    }
    charges.close();
    if (inner >= 0) {
      emit.innerCall(inner, callee);
      charges.returned(plan.uncheckedCost(index));
      return;
    }
    emit.flushAll();
    out.u8(slot);
    out.u32(index);
    this.takeBack();
  }

  private copyIndirect(slot: number, start: number): void {
    const { charges, emit } = this;
    charges.add(1);
    const tail = slot === 0x13 || slot === 0x15;
    charges.leave();
    charges.close();
    if (tail) {
      emit.exit(this.frame);
      this.copy(start);
      charges.dead();
      return;
    }
    emit.flushAll();
    this.copy(start);
    this.takeBack();
  }

  /** Goes on behind a call of something that keeps the fuel in its global. */
  private takeBack(): void {
    const { emit, charges } = this;
    if (emit.keepsFuelInGlobal) return;
    emit.returnedFuel();
    charges.returned(0);
  }
}

function skipValueType(reader: ByteReader): void {
  const byte = reader.u8();
  if (byte === 0x63 || byte === 0x64) reader.s33();
}
