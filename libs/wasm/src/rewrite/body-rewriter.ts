import { ByteReader } from '../binary/byte-reader.js';
import { ByteWriter } from '../binary/byte-writer.js';
import { immediate as imm } from '../binary/immediates.js';
import { immediateOf } from '../binary/opcodes.js';
import { bodyFlag, type DecodedModule } from '../inspect/decoded-module.js';
import { readOperator } from '../inspect/operator-reader.js';
import { BlockOperators } from './block-operators.js';
import { CallOperators } from './call-operators.js';
import { Charges } from './charges.js';
import { CodeEmitter } from './code-emitter.js';
import { CountedLoopWriter } from './counted-loop-writer.js';
import { DataOperators } from './data-operators.js';
import { copyOperator, skipMemarg, skipValueType } from './operator-copy.js';
import type { RewritePlan } from './plan.js';
import { RecentConstants } from './recent-constants.js';
import { type Shape, shape, takesDepth } from './shapes.js';

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
  private readonly calls: CallOperators;
  private readonly blocks: BlockOperators;
  private readonly counted: CountedLoopWriter;
  private readonly constants: RecentConstants;
  private paramCount = 0;
  private shape: Shape = shape.full;
  private localShift = 0;
  private wrapsBody = false;
  private frame = 0;
  /** Whether the body needs a local to keep the index of an indirect call in. */
  private callsThroughTable = false;

  constructor(plan: RewritePlan) {
    this.plan = plan;
    this.module = plan.module;
    this.reader = new ByteReader(plan.module.bytes);
    this.emit = new CodeEmitter(this.out, plan);
    this.charges = new Charges(this.emit);
    this.data = new DataOperators(plan, this.reader, this.out, this.emit);
    this.calls = new CallOperators(plan, this.reader, this.out, this.emit, this.charges);
    this.counted = new CountedLoopWriter(plan, this.reader, this.out, this.emit, this.charges);
    this.constants = new RecentConstants(plan.module.bytes);
    const { reader, out, emit, charges, counted, constants } = this;
    this.blocks = new BlockOperators(plan.module, reader, out, emit, charges, counted, constants);
  }

  /**
   * Rewrites one body; `out` then holds it without its size. With `paysItself` a body that callers would pay for gets
   * a charge of its own, for callers that come through a table or from outside.
   */
  rewrite(defined: number, own: Shape, paysItself = false): void {
    const { loops } = this.module;
    const firstLoop = loops.position;
    this.write(defined, own, paysItself, false);
    if (!this.counted.wantsLocals) return;
    loops.position = firstLoop;
    this.write(defined, own, paysItself, true);
  }

  private write(defined: number, own: Shape, paysItself: boolean, stripLocals: boolean): void {
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
    const addedLocals = own === shape.outer ? 2 : this.localShift;
    this.calls.enter(this.frame, (module.bodyLocals[defined] as number) + addedLocals);
    const added = own === shape.outer ? (module.bodyLocals[defined] as number) : this.paramCount;
    emit.enter(added, own === shape.leaf ? added : added + 1, (flags & bodyFlag.handlers) !== 0, own);
    this.callsThroughTable = (flags & bodyFlag.callsIndirect) !== 0 && plan.privateTables.size > 0;
    const lastLocal = (module.bodyLocals[defined] as number) + addedLocals + (this.callsThroughTable ? 1 : 0);
    this.counted.enter({ paramCount: this.paramCount, shift: this.localShift, strip: stripLocals ? lastLocal : -1 });
    this.copyLocals(stripLocals);
    if (own === shape.outer) emit.loadAtOuterEntry();
    else emit.loadAtInnerEntry();
    if (paysItself) emit.payFixed(plan.fixedCost(module.importedFunctions + defined));
    if (own === shape.free) charges.enterFree();
    else if (own === shape.full && plan.asksLate(index)) charges.enterLate(this.frame);
    else if (own === shape.full || own === shape.outer) charges.enter(true, this.frame);
    // What stands in a table for a function that its callers pay for is as short as that one.
    else charges.enter(plan.uncheckedCost(index) === 0 && plan.shape(index) !== shape.free, undefined);
    if (this.wrapsBody) this.openWrapper(typeIndex);
    this.copyCode();
    out.u8(0x0b);
  }

  private copyLocals(stripLocals: boolean): void {
    const { reader, out } = this;
    const outer = this.shape === shape.outer;
    const groups = reader.u32();
    out.u32(groups + (outer ? 2 : 0) + (this.callsThroughTable ? 1 : 0) + (stripLocals ? 1 : 0));
    const start = reader.pos;
    for (let at = 0; at < groups; at++) {
      reader.skipLeb(5);
      skipValueType(reader);
    }
    out.raw(reader.bytes, start, reader.pos);
    if (outer) out.list([1, 0x7f, 1, 0x7e]);
    if (this.callsThroughTable) out.list([1, 0x7f]);
    if (stripLocals) out.list([2, 0x7f]);
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
        this.copyLocal(slot, start);
      } else if (kind === imm.end) {
        if (charges.depth === 0) break;
        charges.beforeEnd();
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

  private copyLocal(slot: number, start: number): void {
    const { out, reader } = this;
    const index = reader.u32();
    if (slot === 0x21) this.constants.noteSet(index, start, reader.pos);
    out.bytes[out.pos++] = slot;
    out.u32(index < this.paramCount ? index : index + this.localShift);
  }

  private copyOther(slot: number, kind: number, start: number): void {
    const { reader, charges } = this;
    switch (kind) {
      case imm.const32:
        charges.add(1);
        reader.skipLeb(5);
        this.constants.noteConst(start, reader.pos);
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
        this.calls.copyCall(slot);
        return;
      case imm.callIndirect: {
        const type = reader.u32();
        const table = reader.u32();
        if (this.plan.privateTables.has(table)) this.calls.copyPrivateIndirect(type, table);
        else this.calls.copyIndirect(slot, start);
        return;
      }
      case imm.callRef:
        reader.u32();
        this.calls.copyIndirect(slot, start);
        return;
      case imm.block:
      case imm.tryTable:
        this.blocks.copyBlock(slot, kind, start);
        return;
      case imm.label:
        this.blocks.copyBranch(slot, start);
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
        this.blocks.markTable();
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
}
