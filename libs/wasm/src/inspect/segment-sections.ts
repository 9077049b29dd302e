import type { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import { readConstExpression } from './const-expression.js';
import type { DecodedModule } from './decoded-module.js';
import { checkLimit } from './module-limits.js';
import { outOfRange, readValueType } from './value-types.js';

/** Hears where the index of a global is written in an initialiser. */
export type GlobalListener = (index: number, start: number, end: number) => void;

/** Reads the element section; every function it names can be reached by an indirect call. */
export function readElementSection(reader: ByteReader, module: DecodedModule, onGlobal?: GlobalListener): void {
  const count = reader.u32();
  checkLimit(module.limits, 'elementSegmentsMax', count, reader.pos);
  module.elementSegments = count;
  for (let at = 0; at < count; at++) readElementSegment(reader, module, onGlobal);
}

function readElementSegment(reader: ByteReader, module: DecodedModule, onGlobal?: GlobalListener): void {
  const offset = reader.pos;
  const flags = reader.u32();
  if (flags > 7) throw new WasmError('malformed', 'An element segment has unknown flags.', { offset });
  const active = (flags & 1) === 0;
  if (active) {
    const table = flags & 2 ? reader.u32() : 0;
    if (table >= module.tables.length) throw outOfRange('table', table, module.tables.length, offset);
    readConstExpression(reader, module, onGlobal);
  }
  const expressions = (flags & 4) !== 0;
  if (flags & 3) readElementKind(reader, module, expressions);
  const count = reader.u32();
  if (count > reader.end - reader.pos) throw reader.truncated();
  for (let at = 0; at < count; at++) {
    if (expressions) readConstExpression(reader, module, onGlobal);
    else readElementFunction(reader, module);
  }
}

function readElementKind(reader: ByteReader, module: DecodedModule, expressions: boolean): void {
  if (expressions) {
    readValueType(reader, module, module.types.length);
    return;
  }
  if (reader.u8() !== 0) throw new WasmError('malformed', 'An element kind is not known.', { offset: reader.pos - 1 });
}

function readElementFunction(reader: ByteReader, module: DecodedModule): void {
  const offset = reader.pos;
  const index = reader.u32();
  const count = module.functionTypes.length;
  if (index >= count) throw outOfRange('function', index, count, offset);
  module.escaping.add(index);
}

export function readDataSection(reader: ByteReader, module: DecodedModule, onGlobal?: GlobalListener): void {
  const count = reader.u32();
  checkLimit(module.limits, 'dataSegmentsMax', count, reader.pos);
  module.dataSegments = count;
  for (let at = 0; at < count; at++) {
    const offset = reader.pos;
    const flags = reader.u32();
    if (flags > 2) throw new WasmError('malformed', 'A data segment has unknown flags.', { offset });
    if (flags !== 1) {
      const memory = flags === 2 ? reader.u32() : 0;
      if (memory >= module.memories.length) throw outOfRange('memory', memory, module.memories.length, offset);
      readConstExpression(reader, module, onGlobal);
    }
    const size = reader.u32();
    reader.skip(size);
    module.dataBytes += size;
  }
}
