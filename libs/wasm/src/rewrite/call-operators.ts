import type { ByteReader } from '../binary/byte-reader.js';
import type { ByteWriter } from '../binary/byte-writer.js';
import type { Charges } from './charges.js';
import type { CodeEmitter } from './code-emitter.js';
import { copyOperator } from './operator-copy.js';
import type { RewritePlan } from './plan.js';
import { shape } from './shapes.js';

/** Rewrites calls: which counters go along, and what is charged before and behind. */
export class CallOperators {
  private readonly plan: RewritePlan;
  private readonly reader: ByteReader;
  private readonly out: ByteWriter;
  private readonly emit: CodeEmitter;
  private readonly charges: Charges;
  private frame = 0;
  private indexLocal = 0;

  constructor(plan: RewritePlan, reader: ByteReader, out: ByteWriter, emit: CodeEmitter, charges: Charges) {
    this.plan = plan;
    this.reader = reader;
    this.out = out;
    this.emit = emit;
    this.charges = charges;
  }

  /**
   * Starts a function.
   * @param frame logical bytes of its frame.
   * @param indexLocal a local for the index of an indirect call through a private table.
   */
  enter(frame: number, indexLocal: number): void {
    this.frame = frame;
    this.indexLocal = indexLocal;
  }

  /** Calls of functions by their index. */
  copyCall(slot: number): void {
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
    charges.beforeCall();
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

  /** Calls through tables and references. */
  copyIndirect(slot: number, start: number): void {
    const { charges, emit } = this;
    charges.add(1);
    const tail = slot === 0x13 || slot === 0x15;
    charges.leave();
    if (!tail) charges.beforeCall();
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
  copyPrivateIndirect(type: number, table: number): void {
    const { charges, emit, plan } = this;
    charges.add(1);
    charges.leave();
    charges.beforeCall();
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
