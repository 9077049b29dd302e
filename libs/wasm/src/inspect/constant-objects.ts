import type { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import type { DecodedModule } from './decoded-module.js';
import { checkLimit } from './module-limits.js';

/** What V8 keeps for an object beside its fields or elements. */
const objectBytes = 16;

/** Operators of the garbage-collected heap, without their prefix. */
const gcSlots = 256;
const operator = { structNew: 0, structNewDefault: 1, arrayNew: 6, arrayNewDefault: 7, arrayNewFixed: 8 } as const;

/**
 * Counts the objects that one constant expression makes. The engine makes them while it instantiates the module, before
 * any limit of ours can act, so their size must be known and bounded beforehand.
 */
export class ConstantObjects {
  private readonly module: DecodedModule;
  /** The constant that the last operator put on the stack, if it was one of 32 bits. */
  private constant: number | undefined;

  constructor(module: DecodedModule) {
    this.module = module;
  }

  /** @param immediate reads the operator's immediates, which were checked before. */
  note(slot: number, immediate: ByteReader, offset: number): void {
    const length = this.constant;
    this.constant = slot === 0x41 ? immediate.s32() >>> 0 : undefined;
    const sub = slot - gcSlots;
    if (sub === operator.structNew || sub === operator.structNewDefault) {
      this.count(this.module.types[immediate.u32()]?.paramBytes ?? 0, offset);
    } else if (sub === operator.arrayNewFixed) {
      const type = immediate.u32();
      this.countArray(type, immediate.u32(), offset);
    } else if (sub === operator.arrayNew || sub === operator.arrayNewDefault) {
      if (length === undefined) throw computedLength(offset);
      this.countArray(immediate.u32(), length, offset);
    }
  }

  private countArray(type: number, length: number, offset: number): void {
    this.count(length * 2 ** (this.module.types[type]?.elementShift ?? 0), offset);
  }

  private count(bytes: number, offset: number): void {
    const { module } = this;
    module.constantBytes += objectBytes + bytes;
    checkLimit(module.limits, 'constantBytesMax', module.constantBytes, offset);
  }
}

function computedLength(offset: number): WasmError {
  return new WasmError('feature_refused', 'An array in a constant expression has a length that is not a constant.', {
    offset,
  });
}
