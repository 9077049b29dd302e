import type { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import { readConstExpression } from './const-expression.js';
import type { DecodedModule } from './decoded-module.js';
import { checkLimit } from './module-limits.js';
import { outOfRange, readValueType } from './value-types.js';

/** Hears where the index of a global is written in an initialiser. */
export type GlobalListener = (index: number, start: number, end: number) => void;

/** Hears where a function is named that an active segment puts into a table. */
export type ElementListener = (table: number, index: number, start: number, end: number) => void;

/** Reads the element section; every function it names can be reached by an indirect call. */
export function readElementSection(
  reader: ByteReader,
  module: DecodedModule,
  onGlobal?: GlobalListener,
  onElement?: ElementListener,
): void {
  const count = reader.u32();
  checkLimit(module.limits, 'elementSegmentsMax', count, reader.pos);
  module.elementSegments = count;
  for (let at = 0; at < count; at++) readElementSegment(reader, module, onGlobal, onElement);
}

function readElementSegment(
  reader: ByteReader,
  module: DecodedModule,
  onGlobal?: GlobalListener,
  onElement?: ElementListener,
): void {
  const offset = reader.pos;
  const flags = reader.u32();
  if (flags > 7) throw new WasmError('malformed', 'An element segment has unknown flags.', { offset });
  const active = (flags & 1) === 0;
  const table = active && flags & 2 ? reader.u32() : 0;
  if (active) {
    if (table >= module.tables.length) throw outOfRange('table', table, module.tables.length, offset);
    readConstExpression(reader, module, onGlobal);
  }
  const expressions = (flags & 4) !== 0;
  if (flags & 3) readElementKind(reader, module, expressions);
  const count = reader.u32();
  if (count > reader.end - reader.pos) throw reader.truncated();
  const functions: number[] = [];
  for (let at = 0; at < count; at++) {
    const start = expressions ? reader.pos + 1 : reader.pos;
    const index = expressions ? readElementExpression(reader, module, onGlobal) : readElementFunction(reader, module);
    if (index === undefined) module.tableUse.open.add(table);
    else if (index >= 0) {
      functions.push(index);
      if (active) onElement?.(table, index, start, expressions ? reader.pos - 1 : reader.pos);
    }
  }
  // Whoever listens reads for the second time: everything is noted already.
  if (onGlobal !== undefined || onElement !== undefined) return;
  if (active) module.tableUse.segments.push({ table, functions });
  else for (const index of functions) module.escaping.add(index);
}

function readElementKind(reader: ByteReader, module: DecodedModule, expressions: boolean): void {
  if (expressions) {
    readValueType(reader, module, module.types.length);
    return;
  }
  if (reader.u8() !== 0) throw new WasmError('malformed', 'An element kind is not known.', { offset: reader.pos - 1 });
}

/** @returns the function that is named, -1 for null, or undefined for any other expression. */
function readElementExpression(
  reader: ByteReader,
  module: DecodedModule,
  onGlobal: GlobalListener | undefined,
): number | undefined {
  const start = reader.pos;
  const first = reader.bytes[start];
  if (first === 0xd2) {
    reader.u8();
    const index = readElementFunction(reader, module);
    if (reader.u8() === 0x0b) return index;
    reader.pos = start;
  }
  readConstExpression(reader, module, onGlobal);
  return first === 0xd0 && reader.pos - start === 3 ? -1 : undefined;
}

function readElementFunction(reader: ByteReader, module: DecodedModule): number {
  const offset = reader.pos;
  const index = reader.u32();
  const count = module.functionTypes.length;
  if (index >= count) throw outOfRange('function', index, count, offset);
  return index;
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
