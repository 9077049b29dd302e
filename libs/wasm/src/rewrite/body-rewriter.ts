import { ByteReader } from '../binary/byte-reader.js';
import { ByteWriter } from '../binary/byte-writer.js';
import { immediate as imm } from '../binary/immediates.js';
import { immediateOf } from '../binary/opcodes.js';
import { bodyFlag, type DecodedModule, loopNote } from '../inspect/decoded-module.js';
import { readOperator } from '../inspect/operator-reader.js';
import { Charges } from './charges.js';
import { CodeEmitter } from './code-emitter.js';
import { DataOperators } from './data-operators.js';
import { copyOperator, skipMemarg, skipValueType } from './operator-copy.js';
import { type RewritePlan, type Shape, shape, takesDepth } from './plan.js';

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
  private readonly data: DataOperators;
  private paramCount = 0;
  private shape: Shape = shape.full;
  private localShift = 0;
  private wrapsBody = false;
  private frame = 0;
  /** Whether the body needs a local to keep the index of an indirect call in, and which it is. */
  private callsThroughTable = false;
  private indexLocal = 0;

  constructor(plan: RewritePlan) {
    this.plan = plan;
    this.module = plan.module;
    this.reader = new ByteReader(plan.module.bytes);
    this.emit = new CodeEmitter(this.out, plan);
    this.charges = new Charges(this.emit);
    this.data = new DataOperators(plan, this.reader, this.out, this.emit);
  }

  /**
   * Rewrites one body; `out` then holds it without its size. With `paysItself` a body that callers would pay for gets
   * a charge of its own, for callers that come through a table or from outside.
   */
  rewrite(defined: number, own: Shape, paysItself = false): void {
    const { module, plan, out, emit, reader, charges } = this;
    const typeIndex = module.functionTypes[module.importedFunctions + defined] as number;
    const index = module.importedFunctions + defined;
    const flags = module.bodyFlags[defined] as number;
    this.shape = own;
    this.paramCount = module.types[typeIndex]?.paramCount ?? 0;
    this.frame = plan.frame(defined);
    this.wrapsBody = (flags & bodyFlag.branchesToEnd) !== 0;
    out.pos = 0;
    reader.pos = module.bodyStarts[defined] as number;
    reader.end = module.bodyEnds[defined] as number;
    this.localShift = takesDepth(own) ? 2 : own === shape.leaf ? 1 : 0;
    this.indexLocal = (module.bodyLocals[defined] as number) + (own === shape.outer ? 2 : this.localShift);
    const added = own === shape.outer ? (module.bodyLocals[defined] as number) : this.paramCount;
    emit.enter(added, own === shape.leaf ? added : added + 1, (flags & bodyFlag.handlers) !== 0, own);
    this.callsThroughTable = (flags & bodyFlag.callsIndirect) !== 0 && plan.privateTables.size > 0;
    this.copyLocals();
    if (own === shape.outer) emit.loadAtOuterEntry();
    else emit.loadAtInnerEntry();
    if (paysItself) emit.payFixed(plan.fixedCost(module.importedFunctions + defined));
    if (own === shape.free) charges.enterFree();
    else if (own === shape.full || own === shape.outer) charges.enter(true, this.frame);
    // What stands in a table for a function that its callers pay for is as short as that one.
    else charges.enter(plan.uncheckedCost(index) === 0 && plan.shape(index) !== shape.free, undefined);
    if (this.wrapsBody) this.openWrapper(typeIndex);
    this.copyCode();
    out.u8(0x0b);
  }

  private copyLocals(): void {
    const { reader, out } = this;
    const outer = this.shape === shape.outer;
    const groups = reader.u32();
    out.u32(groups + (outer ? 2 : 0) + (this.callsThroughTable ? 1 : 0));
    const start = reader.pos;
    for (let at = 0; at < groups; at++) {
      reader.skipLeb(5);
      skipValueType(reader);
    }
    out.raw(reader.bytes, start, reader.pos);
    if (outer) out.list([1, 0x7f, 1, 0x7e]);
    if (this.callsThroughTable) out.list([1, 0x7f]);
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
        copyOperator(this.reader, this.out, start);
      } else if (kind === imm.local) {
        charges.add(1);
        this.copyLocal(slot);
      } else if (kind === imm.end) {
        if (charges.depth === 0) break;
        out.u8(0x0b);
        charges.end();
      } else {
        this.copyOther(slot, kind, start);
      }
    }
    if (this.wrapsBody) {
      // Branches come here as well, and all of them leave the fuel in its local.
      charges.close();
      out.u8(0x0b);
      this.emit.exit(this.frame, 0);
    } else this.emit.exit(this.frame, charges.closeInto());
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
        copyOperator(this.reader, this.out, start);
        return;
      case imm.memarg:
        charges.add(1);
        skipMemarg(reader);
        copyOperator(this.reader, this.out, start);
        return;
      case imm.const64:
        charges.add(1);
        reader.skipLeb(10);
        copyOperator(this.reader, this.out, start);
        return;
      case imm.global:
        charges.add(1);
        this.out.u8(slot);
        this.out.u32(this.plan.global(reader.u32()));
        return;
      case imm.call:
        this.copyCall(slot);
        return;
      case imm.callIndirect: {
        const type = reader.u32();
        const table = reader.u32();
        if (this.plan.privateTables.has(table)) this.copyPrivateIndirect(type, table);
        else this.copyIndirect(slot, start);
        return;
      }
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
        copyOperator(this.reader, this.out, start);
        return;
      case imm.catchAll:
        charges.handler();
        copyOperator(this.reader, this.out, start);
        return;
      case imm.catch:
        reader.u32();
        charges.handler();
        copyOperator(this.reader, this.out, start);
        return;
      case imm.delegate:
        reader.u32();
        charges.end();
        copyOperator(this.reader, this.out, start);
        return;
      case imm.brTable:
        charges.add(1);
        charges.close();
        this.markTable();
        copyOperator(this.reader, this.out, start);
        charges.dead();
        return;
      case imm.return:
        charges.leave();
        emit.exit(this.frame, charges.closeInto());
        copyOperator(this.reader, this.out, start);
        charges.dead();
        return;
      case imm.unreachable:
        charges.leave();
        emit.flushFuel(charges.closeInto());
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
        copyOperator(this.reader, this.out, start);
        return;
      default:
        charges.add(1);
        this.data.copy(slot, kind, start);
    }
  }

  private copyThrow(start: number): void {
    this.charges.add(1);
    this.charges.leave();
    this.charges.close();
    this.emit.surcharge(throwFuel);
    this.emit.flushFuel();
    copyOperator(this.reader, this.out, start);
    this.charges.dead();
  }

  private copyBranch(slot: number, start: number): void {
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

  private markTable(): void {
    const count = this.reader.u32();
    for (let at = 0; at <= count; at++) this.charges.target(this.reader.u32());
  }

  private copyBlock(slot: number, kind: number, start: number): void {
    const { reader, charges } = this;
    if (slot !== 0x02 && slot !== 0x03) charges.add(1);
    const byte = reader.bytes[reader.pos] as number;
    const typeStart = reader.pos;
    if (byte === 0x63 || byte === 0x64) skipValueType(reader);
    else reader.s33();
    if (kind === imm.tryTable) this.markHandlers();
    copyOperator(this.reader, this.out, start);
    charges.open(slot, slot === 0x03 ? this.noteOfLoop(typeStart) : 0);
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

  private copyCall(slot: number): void {
    const { plan, charges, emit, out } = this;
    const index = this.reader.u32();
    const inner = plan.innerIndex[index] as number;
    const callee = plan.shape(index);
    charges.add(callee === shape.free && slot === 0x10 ? 1 + plan.fixedCost(index) : 1);
    if (callee !== shape.free || slot === 0x12) charges.leave();
    if (slot === 0x12) {
      emit.exit(this.frame, charges.closeInto());
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
    const owed = charges.closeInto();
    if (inner >= 0) {
      emit.innerCall(inner, callee, owed);
      charges.returned(plan.uncheckedCost(index));
      return;
    }
    emit.flushAll(owed);
    out.u8(slot);
    out.u32(index);
    this.takeBack();
  }

  private copyIndirect(slot: number, start: number): void {
    const { charges, emit } = this;
    charges.add(1);
    const tail = slot === 0x13 || slot === 0x15;
    charges.leave();
    const owed = charges.closeInto();
    if (tail) {
      emit.exit(this.frame, owed);
      copyOperator(this.reader, this.out, start);
      charges.dead();
      return;
    }
    emit.flushAll(owed);
    copyOperator(this.reader, this.out, start);
    this.takeBack();
  }

  /** An indirect call of an inner function: the counters go below the index on the operand stack. */
  private copyPrivateIndirect(type: number, table: number): void {
    const { charges, emit, plan } = this;
    charges.add(1);
    charges.leave();
    charges.close();
    emit.innerIndirectCall(plan.types.inner(type, true), table, this.indexLocal);
    charges.returned(plan.indirectUnchecked);
  }

  /** Goes on behind a call of something that keeps the fuel in its global. */
  private takeBack(): void {
    const { emit, charges } = this;
    if (emit.keepsFuelInGlobal) return;
    emit.returnedFuel();
    charges.returned(0);
  }
}
