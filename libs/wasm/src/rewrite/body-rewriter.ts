import { ByteReader } from '../binary/byte-reader.js';
import { ByteWriter } from '../binary/byte-writer.js';
import { immediate as imm } from '../binary/immediates.js';
import { immediateOf } from '../binary/opcodes.js';
import { bodyFlag, type DecodedModule } from '../inspect/decoded-module.js';
import { readOperator } from '../inspect/operator-reader.js';
import { Charges } from './charges.js';
import { CodeEmitter } from './code-emitter.js';
import { DataOperators } from './data-operators.js';
import { copyOperator, skipMemarg, skipValueType } from './operator-copy.js';
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
  private readonly data: DataOperators;
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
    this.data = new DataOperators(plan, this.reader, this.out, this.emit);
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
        copyOperator(this.reader, this.out, start);
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
        charges.close();
        emit.exit(this.frame);
        copyOperator(this.reader, this.out, start);
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
    const { charges } = this;
    charges.add(1);
    charges.target(this.reader.u32());
    charges.close();
    copyOperator(this.reader, this.out, start);
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
    copyOperator(this.reader, this.out, start);
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
      copyOperator(this.reader, this.out, start);
      charges.dead();
      return;
    }
    emit.flushAll();
    copyOperator(this.reader, this.out, start);
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
