import type { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import { type DecodedModule, type DecodedType, typeKind } from './decoded-module.js';
import { outOfRange, readValueType } from './value-types.js';

/** Reads what operators name by an index, and checks each index against the module as it was written. */
export class IndexReader {
  protected readonly module: DecodedModule;
  protected readonly reader: ByteReader;

  constructor(module: DecodedModule, reader: ByteReader) {
    this.module = module;
    this.reader = reader;
  }

  protected memarg(offset: number): void {
    const { reader } = this;
    const flags = reader.u32();
    if (flags >= 128) throw new WasmError('malformed', 'An alignment is too large.', { offset });
    if (flags & 0x40) this.memoryIndex(offset);
    else if (this.module.memories.length === 0) throw outOfRange('memory', 0, 0, offset);
    reader.u64();
  }

  protected memoryIndex(offset: number): number {
    return this.index('memory', this.module.memories.length, offset);
  }

  protected dataIndex(offset: number): void {
    const { declaredDataSegments } = this.module;
    if (declaredDataSegments === undefined) {
      throw new WasmError('malformed', 'Data segments are used in code without a data count section.', { offset });
    }
    this.index('data segment', declaredDataSegments, offset);
  }

  protected selectTypes(): void {
    const { reader, module } = this;
    const count = reader.u32();
    if (count !== 1) throw new WasmError('malformed', 'A select must have one type.', { offset: reader.pos });
    readValueType(reader, module, module.types.length);
  }

  protected tagParams(offset: number): number {
    const index = this.index('tag', this.module.tagTypes.length, offset);
    return this.typeOf(this.module.tagTypes[index] as number, typeKind.func, offset).paramCount;
  }

  protected index(what: string, count: number, offset: number): number {
    const index = this.reader.u32();
    if (index >= count) throw outOfRange(what, index, count, offset);
    return index;
  }

  protected functionType(index: number): DecodedType {
    return this.typeOf(this.module.functionTypes[index] as number, typeKind.func, this.reader.pos);
  }

  protected typeOf(index: number, kind: number, offset: number): DecodedType {
    const type = this.module.types[index];
    if (type === undefined) throw outOfRange('type', index, this.module.types.length, offset);
    if (type.kind !== kind) throw new WasmError('malformed', 'The type is not a function type.', { offset });
    return type;
  }
}
