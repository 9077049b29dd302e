import type { ByteReader } from '../binary/byte-reader.js';
import { immediate as imm } from '../binary/immediates.js';
import { featureNames, featureOf, immediateOf, popsOf, pushesOf } from '../binary/opcodes.js';
import { WasmError } from '../binary/wasm-error.js';
import { ControlStack } from './control-stack.js';
import { bodyFlag, type DecodedModule, type DecodedType, typeKind } from './decoded-module.js';
import { IndexReader } from './index-reader.js';
import { checkLimit } from './module-limits.js';
import { readOperator } from './operator-reader.js';
import { copyLengthOwner, isArrayBulk, isFlow, isFree } from './operator-traits.js';
import { outOfRange, readHeapType, readValueType } from './value-types.js';

const bulkFill = 256 + 320 + 11;
const tableGrow = 256 + 320 + 15;
const tableSize = 256 + 320 + 16;
const tableFill = 256 + 320 + 17;

export const structNewDefault = 1;
/** Structs with fewer fields cost no more to fill than any other operator. */
export const surchargedFields = 8;

/**
 * Walks one function body after the other: bounds everything countable, checks every index against the module as it
 * was written, and gathers the flags, the locals and the operand height that decide how the body is metered. Types of
 * operands are left to the engine, which validates the rewritten module.
 */
export class BodyWalker extends IndexReader {
  readonly featuresSeen = new Uint8Array(featureNames.length);
  flags = 0;
  localCount = 0;
  slotBytes = 0;
  /** See {@link DecodedModule.fixedCosts}. */
  fixedCost = 0;
  /** See {@link DecodedModule.bodyOperators}. */
  operators = 0;
  private cost = 0;
  private straight = true;
  /** The last branch to the start of a loop: which loop, and where the branch ends. */
  private wentBackTo = -1;
  private wentBackAt = -1;
  private ended = false;
  private readonly control: ControlStack;

  constructor(module: DecodedModule, reader: ByteReader) {
    super(module, reader);
    this.control = new ControlStack(module.limits);
  }

  walk(functionIndex: number): void {
    const type = this.functionType(functionIndex);
    this.flags = type.hasVector ? bodyFlag.vectors : 0;
    this.control.reset(type.resultCount);
    this.cost = 1;
    this.operators = 1;
    this.straight = true;
    this.ended = false;
    const localBytes = this.readLocals(type);
    const { reader, control } = this;
    while (control.depth > 0) this.step(readOperator(reader), reader.pos);
    const slot = this.flags & bodyFlag.vectors ? 16 : 8;
    // Results are handed over through memory that the caller keeps for them.
    this.slotBytes = localBytes + slot * (control.heightMax + type.resultCount);
    this.fixedCost = this.straight ? this.cost : 0;
  }

  private readLocals(type: DecodedType): number {
    const { reader, module } = this;
    const groups = reader.u32();
    let count = type.paramCount;
    let bytes = type.paramBytes;
    for (let group = 0; group < groups; group++) {
      const size = reader.u32();
      count += size;
      module.localsDeclared += size;
      checkLimit(module.limits, 'functionLocalsMax', count, reader.pos);
      checkLimit(module.limits, 'localsMax', module.localsDeclared, reader.pos);
      const vector = readValueType(reader, module, module.types.length) === 'v128';
      if (vector) this.flags |= bodyFlag.vectors;
      bytes += size * (vector ? 16 : 8);
    }
    this.localCount = count;
    return bytes;
  }

  private step(slot: number, offset: number): void {
    const kind = (immediateOf[slot] as number) - 1;
    const feature = featureOf[slot] as number;
    this.featuresSeen[feature] = 1;
    if (!isFree(slot)) {
      this.operators++;
      if (!this.ended) this.cost++;
    }
    if (kind === imm.none) this.control.adjust(popsOf[slot] as number, pushesOf[slot] as number);
    else if (kind === imm.local) this.stepLocal(slot, offset);
    else this.stepOther(slot, kind, offset);
    if (slot >= 256 + 640) this.flags |= bodyFlag.vectors;
  }

  private stepLocal(slot: number, offset: number): void {
    const index = this.reader.u32();
    if (index >= this.localCount) throw outOfRange('local', index, this.localCount, offset);
    this.control.adjust(popsOf[slot] as number, pushesOf[slot] as number);
  }

  private stepOther(slot: number, kind: number, offset: number): void {
    const { reader, control, module } = this;
    switch (kind) {
      case imm.const32:
        reader.skipLeb(5);
        break;
      case imm.const64:
        reader.skipLeb(10);
        break;
      case imm.bytes4:
        reader.skip(4);
        break;
      case imm.bytes8:
        reader.skip(8);
        break;
      case imm.bytes16:
        reader.skip(16);
        break;
      case imm.lane:
        reader.u8();
        break;
      case imm.memarg:
        this.memarg(offset);
        break;
      case imm.memargLane:
        this.memarg(offset);
        reader.u8();
        break;
      case imm.global:
        this.index('global', module.globalCount, offset);
        break;
      case imm.refFunc:
        module.tableUse.takesReferences = true;
        this.index('function', module.functionTypes.length, offset);
        break;
      case imm.heapType:
        readHeapType(reader, module, module.types.length);
        break;
      case imm.selectTypes:
        this.selectTypes();
        break;
      case imm.branchCast:
        this.straight = false;
        this.branchCast(offset);
        break;
      default:
        if (this.stepControl(slot, kind, offset)) return;
        if (this.stepCall(slot, kind, offset)) return;
        this.stepBulk(slot, kind, offset);
        if (this.stepAggregate(slot, kind, offset)) return;
    }
    control.adjust(popsOf[slot] as number, pushesOf[slot] as number);
  }

  private stepControl(slot: number, kind: number, offset: number): boolean {
    const { reader, control } = this;
    this.noteFlow(slot, kind);
    if (kind === imm.tryTable || kind === imm.throwRef) this.module.exnrefOffset ??= offset;
    switch (kind) {
      case imm.block:
        this.openBlock(slot, offset);
        return true;
      case imm.tryTable:
        this.openTryTable(offset);
        return true;
      case imm.end:
        this.noteTurn();
        control.end();
        return true;
      case imm.else:
        control.expect([0x04], 'this else', offset);
        control.split(0x05, undefined);
        return true;
      case imm.catch:
        control.expect([0x06, 0x07], 'this catch', offset);
        control.split(0x07, this.tagParams(offset));
        return true;
      case imm.catchAll:
        control.expect([0x06, 0x07], 'this catch_all', offset);
        control.split(0x19, 0);
        return true;
      case imm.delegate:
        control.expect([0x06], 'this delegate', offset);
        // The label counts from outside the try block, and may name the function itself.
        if (reader.u32() >= control.depth) throw outOfRange('label', reader.pos, control.depth - 1, offset);
        control.end();
        return true;
      case imm.label:
        this.labelAt(reader.u32(), control.depth, offset, slot < 0x0e);
        if (slot !== 0x0c) this.wentBackAt = -1;
        control.adjust(popsOf[slot] as number, pushesOf[slot] as number);
        if (slot === 0x0c) control.dead();
        return true;
      case imm.brTable:
        this.branchTable(offset);
        control.dead();
        return true;
      case imm.return:
      case imm.unreachable:
        control.dead();
        return true;
      case imm.rethrow:
        this.label(offset);
        this.throws();
        return true;
      case imm.throwRef:
        this.throws();
        return true;
      case imm.tag:
        this.tagParams(offset);
        this.throws();
        return true;
      default:
        return false;
    }
  }

  /** Whatever may go elsewhere makes the cost of the body depend on its input. */
  private noteFlow(slot: number, kind: number): void {
    if (kind === imm.return) this.ended = true;
    else if (slot !== 0x02 && kind !== imm.end && isFlow(slot, kind)) this.straight = false;
  }

  /** At the end of a block: whether it is an `if` that ends with the branch back to the start of its loop. */
  private noteTurn(): void {
    if (this.wentBackAt !== this.reader.pos - 1) return;
    const loop = this.control.loopOfIf;
    if (loop >= 0 && loop === this.wentBackTo) this.module.loops.turnsInIf(loop);
  }

  private throws(): void {
    this.module.helpers.surcharge.add(0);
    this.flags |= bodyFlag.throws;
    this.control.dead();
  }

  private stepCall(slot: number, kind: number, offset: number): boolean {
    const { module } = this;
    if (kind === imm.call) {
      const index = this.index('function', module.functionTypes.length, offset);
      if (slot === 0x12) module.tailCalled.add(index);
      else module.calls.add(index);
      this.called(slot, this.functionType(index), 0);
      return true;
    }
    if (kind === imm.callIndirect) {
      const typeIndex = this.index('type', module.types.length, offset);
      const type = this.typeOf(typeIndex, typeKind.func, offset);
      const table = this.index('table', module.tables.length, offset);
      if (table > 0) module.features.add('reference-types');
      if (slot === 0x11) {
        this.flags |= bodyFlag.callsIndirect;
        module.tableUse.called(table, typeIndex);
      } else module.tableUse.open.add(table);
      this.called(slot, type, 1);
      return true;
    }
    if (kind === imm.callRef) {
      this.flags |= bodyFlag.callsReference;
      this.called(slot, this.typeOf(this.index('type', module.types.length, offset), typeKind.func, offset), 1);
      return true;
    }
    return false;
  }

  private called(slot: number, type: DecodedType, extra: number): void {
    this.flags |= bodyFlag.calls;
    this.loosen();
    this.control.adjust(type.paramCount + extra, type.resultCount);
    if (type.hasVector) this.flags |= bodyFlag.vectors;
    if (slot !== 0x12 && slot !== 0x13 && slot !== 0x15) return;
    this.flags |= bodyFlag.tailCalls;
    this.control.dead();
  }

  private stepBulk(slot: number, kind: number, offset: number): void {
    const { module, reader } = this;
    const { helpers } = module;
    if (kind === imm.memory) {
      const index = this.memoryIndex(offset);
      if (slot === 0x40) helpers.memoryGrow.add(index);
      if (slot === bulkFill) helpers.memoryBulk.add(index);
    } else if (kind === imm.table) {
      const index = this.index('table', module.tables.length, offset);
      if (slot !== tableSize) module.tableUse.open.add(index);
      if (slot === tableGrow) helpers.tableGrow.add(index);
      if (slot === tableFill) helpers.tableBulk.add(index);
    } else if (kind === imm.memoryInit) {
      this.dataIndex(offset);
      helpers.memoryInit.add(this.memoryIndex(offset));
    } else if (kind === imm.memoryCopy) {
      const [to, from] = [this.memoryIndex(offset), this.memoryIndex(offset)];
      helpers.memoryBulk.add(copyLengthOwner(to, from, module.memories));
    } else if (kind === imm.tableInit) {
      this.index('element segment', module.elementSegments, offset);
      const table = this.index('table', module.tables.length, offset);
      helpers.tableInit.add(table);
      module.tableUse.open.add(table);
    } else if (kind === imm.tableCopy) {
      const to = this.index('table', module.tables.length, offset);
      const from = this.index('table', module.tables.length, offset);
      helpers.tableBulk.add(copyLengthOwner(to, from, module.tables));
      module.tableUse.open.add(to).add(from);
    } else if (kind === imm.dataIndex) this.dataIndex(offset);
    else if (kind === imm.elementIndex) reader.u32();
  }

  /** @returns true when it has adjusted the operand height itself. */
  private stepAggregate(slot: number, kind: number, offset: number): boolean {
    const { module, reader, control } = this;
    const isType = kind >= imm.type && kind <= imm.typeType;
    if (!isType) return false;
    const type = module.types[this.index('type', module.types.length, offset)];
    if (kind === imm.typeField || kind === imm.typeData) reader.u32();
    if (kind === imm.typeElement) this.index('element segment', module.elementSegments, offset);
    if (kind === imm.typeType) this.index('type', module.types.length, offset);
    const sub = slot - 256;
    if (sub === 0) {
      control.adjust(type?.paramCount ?? 0, 1);
      return true;
    }
    if (kind === imm.arrayFixed) {
      control.adjust(reader.u32(), 1);
      return true;
    }
    if (sub === structNewDefault && (type?.paramCount ?? 0) >= surchargedFields) {
      this.straight = false;
      module.helpers.surcharge.add(0);
    }
    if (isArrayBulk(sub)) module.helpers.arrayBulk.add(type?.elementShift ?? 3);
    return false;
  }

  private openBlock(slot: number, offset: number): void {
    const { reader, module, control } = this;
    if (slot === 0x03) this.loosen();
    if (slot === 0x06) this.flags |= bodyFlag.handlers;
    control.adjust(popsOf[slot] as number, 0);
    const byte = reader.pos < reader.end ? (reader.bytes[reader.pos] as number) : 0;
    if (byte === 0x40) {
      reader.pos++;
      control.push(slot, 0, 0, offset);
    } else if (byte > 0x40 && byte < 0x80) {
      readValueType(reader, module, module.types.length);
      control.push(slot, 0, 1, offset);
    } else {
      const type = this.typeOf(this.blockTypeIndex(offset), typeKind.func, offset);
      module.features.add('multi-value');
      control.push(slot, type.paramCount, type.resultCount, offset);
    }
    if (slot === 0x03) this.openLoop();
  }

  /** A call or a loop inside makes a loop no longer tight. */
  private loosen(): void {
    const { control, module } = this;
    if (control.tightLoop >= 0) module.loops.loosen(control.tightLoop);
    control.tightLoop = -1;
  }

  private openLoop(): void {
    this.flags |= bodyFlag.loops;
    this.control.numberLoop(this.module.loops.add());
  }

  private blockTypeIndex(offset: number): number {
    const index = this.reader.s33();
    if (index < 0 || index >= this.module.types.length) {
      throw outOfRange('type', index, this.module.types.length, offset);
    }
    return index;
  }

  private openTryTable(offset: number): void {
    const { reader, control } = this;
    this.flags |= bodyFlag.handlers;
    this.openBlock(0x1f, offset);
    const count = reader.u32();
    checkLimit(this.module.limits, 'brTableEntriesMax', count, offset);
    for (let at = 0; at < count; at++) {
      const kind = reader.u8();
      if (kind > 3) throw new WasmError('malformed', 'This byte is not a kind of handler.', { offset: reader.pos - 1 });
      if (kind < 2) this.tagParams(offset);
      // A handler's label counts from outside the try block.
      this.labelAt(reader.u32(), control.depth - 1, offset);
    }
  }

  private branchTable(offset: number): void {
    const { reader } = this;
    const count = reader.u32();
    checkLimit(this.module.limits, 'brTableEntriesMax', count, offset);
    for (let at = 0; at <= count; at++) this.label(offset);
  }

  private branchCast(offset: number): void {
    this.reader.u8();
    this.label(offset);
    readHeapType(this.reader, this.module, this.module.types.length);
    readHeapType(this.reader, this.module, this.module.types.length);
  }

  private label(offset: number): void {
    this.labelAt(this.reader.u32(), this.control.depth, offset);
  }

  /** @param plain whether a branch to a loop can have something written before it. */
  private labelAt(label: number, depth: number, offset: number, plain = false): void {
    if (label >= depth) throw outOfRange('label', label, depth, offset);
    if (label === depth - 1) this.flags |= bodyFlag.branchesToEnd;
    const loop = this.control.loopAt(depth - 1 - label);
    if (loop < 0) return;
    this.module.loops.goesBack(loop, plain);
    this.wentBackTo = loop;
    this.wentBackAt = this.reader.pos;
  }
}
