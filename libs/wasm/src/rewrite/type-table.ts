import { ByteWriter } from '../binary/byte-writer.js';
import type { DecodedModule, DecodedType } from '../inspect/decoded-module.js';

export const valueType = { i32: 0x7f, i64: 0x7e } as const;

/** Types that metering adds behind the module's own. */
export class TypeTable {
  readonly writer = new ByteWriter(256);
  count = 0;
  private readonly module: DecodedModule;
  private readonly known = new Map<string, number>();

  constructor(module: DecodedModule) {
    this.module = module;
  }

  /** The type of an inner function: the original one with the stack left, if asked for, and the fuel in and out. */
  inner(typeIndex: number, withDepth: boolean): number {
    return this.add(`inner ${typeIndex} ${withDepth}`, () => {
      const type = this.type(typeIndex);
      this.writer.u8(0x60);
      this.writer.u32(type.paramCount + (withDepth ? 2 : 1));
      this.writer.raw(this.module.bytes, type.params.start, type.params.end);
      this.writer.list(withDepth ? [valueType.i32, valueType.i64] : [valueType.i64]);
      this.writer.u32(type.resultCount + 1);
      this.writer.raw(this.module.bytes, type.results.start, type.results.end);
      this.writer.u8(valueType.i64);
    });
  }

  /** The type of a block that gives a function's results. */
  results(typeIndex: number): number {
    return this.add(`results ${typeIndex}`, () => {
      const type = this.type(typeIndex);
      this.writer.list([0x60, 0]);
      this.writer.u32(type.resultCount);
      this.writer.raw(this.module.bytes, type.results.start, type.results.end);
    });
  }

  /** Any other function type, from the bytes of its parameters and results. */
  plain(params: readonly Uint8Array[], results: readonly Uint8Array[]): number {
    return this.add(`plain ${params.join(';')} ${results.join(';')}`, () => {
      for (const list of [params, results]) {
        if (list === params) this.writer.u8(0x60);
        this.writer.u32(list.length);
        for (const type of list) this.writer.raw(type);
      }
    });
  }

  private add(key: string, write: () => void): number {
    const before = this.known.get(key);
    if (before !== undefined) return before;
    const index = this.module.types.length + this.count++;
    this.known.set(key, index);
    write();
    return index;
  }

  private type(index: number): DecodedType {
    const type = this.module.types[index];
    if (type === undefined) throw new RangeError(`type ${index} was checked and is gone`);
    return type;
  }
}
