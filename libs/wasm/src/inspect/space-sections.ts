import type { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import { readConstExpression } from './const-expression.js';
import { type DecodedLimits, type DecodedModule, externalKinds } from './decoded-module.js';
import { readGlobal, readTag, reserved, reservedPrefix } from './import-section.js';
import { checkLimit } from './module-limits.js';
import { outOfRange, readValueType, refuse } from './value-types.js';

/** Reads the limits of a memory or a table. Sizes are only compared, so rounding above 2^53 is harmless. */
export function readLimits(
  reader: ByteReader,
  module: DecodedModule,
  what: 'memory' | 'table',
  imported: boolean,
): DecodedLimits {
  const start = reader.pos;
  const flags = reader.u8();
  if (flags & 2) throw refuse(`threads (shared ${what})`, start);
  if (flags & 8) throw refuse('custom page sizes', start);
  if (flags > 7) throw new WasmError('malformed', 'These limits have unknown flags.', { offset: start });
  const is64 = (flags & 4) !== 0;
  if (is64) module.features.add(what === 'memory' ? 'memory64' : 'table64');
  const min = is64 ? reader.u64() : reader.u32();
  const max = flags & 1 ? (is64 ? reader.u64() : reader.u32()) : undefined;
  const limits = { min, max, is64, imported, span: { start, end: reader.pos } };
  if (what === 'memory') {
    module.memories.push(limits);
    checkLimit(module.limits, 'memoriesMax', module.memories.length, start);
    if (module.memories.length > 1) module.features.add('multi-memory');
  }
  return limits;
}

/** Reads a table's type and counts the table. */
export function readTableType(reader: ByteReader, module: DecodedModule, imported: boolean): void {
  const start = reader.pos;
  // Tables of functions are as old as the format itself: they are no sign of the reference types proposal.
  if (reader.bytes[start] === 0x70) reader.skip(1);
  else readValueType(reader, module, module.types.length);
  const elementType = { start, end: reader.pos };
  module.tables.push({ ...readLimits(reader, module, 'table', imported), elementType });
  checkLimit(module.limits, 'tablesMax', module.tables.length, start);
}

export function readTableSection(reader: ByteReader, module: DecodedModule): void {
  const count = reader.u32();
  checkLimit(module.limits, 'tablesMax', count, reader.pos);
  for (let at = 0; at < count; at++) {
    const initialised = reader.pos < reader.end && reader.bytes[reader.pos] === 0x40;
    if (initialised) {
      reader.u8();
      if (reader.u8() !== 0)
        throw new WasmError('malformed', 'A table has an unknown form.', { offset: reader.pos - 1 });
    }
    readTableType(reader, module, false);
    if (initialised) readConstExpression(reader, module);
  }
}

export function readMemorySection(reader: ByteReader, module: DecodedModule): void {
  const count = reader.u32();
  checkLimit(module.limits, 'memoriesMax', count, reader.pos);
  for (let at = 0; at < count; at++) readLimits(reader, module, 'memory', false);
}

export function readTagSection(reader: ByteReader, module: DecodedModule): void {
  const count = reader.u32();
  checkLimit(module.limits, 'tagsMax', module.tagTypes.length + count, reader.pos);
  module.importedTags = module.tagTypes.length;
  for (let at = 0; at < count; at++) readTag(reader, module);
}

export function readGlobalSection(reader: ByteReader, module: DecodedModule): void {
  const count = reader.u32();
  checkLimit(module.limits, 'globalsMax', module.globalCount + count, reader.pos);
  for (let at = 0; at < count; at++) {
    const before = module.globalCount;
    readGlobal(reader, module);
    // A global's initialiser sees the globals before it, not itself.
    module.globalCount = before;
    readConstExpression(reader, module);
    module.globalCount = before + 1;
  }
}

/** Steps over a global's type without counting the global again. */
export function skipGlobalType(reader: ByteReader, module: DecodedModule): void {
  readValueType(reader, module, module.types.length);
  reader.u8();
}

export function readExportSection(reader: ByteReader, module: DecodedModule): void {
  const count = reader.u32();
  checkLimit(module.limits, 'exportsMax', count, reader.pos);
  for (let at = 0; at < count; at++) {
    const offset = reader.pos;
    const name = reader.name(module.limits.nameBytesMax);
    if (name.startsWith(reservedPrefix)) throw reserved('export', name, offset);
    const code = reader.u8();
    const kind = externalKinds[code];
    if (kind === undefined) throw new WasmError('malformed', 'This byte is not a kind of export.', { offset });
    const index = reader.u32();
    const spaces = [
      module.functionTypes.length,
      module.tables.length,
      module.memories.length,
      module.globalCount,
      module.tagTypes.length,
    ];
    const space = spaces[code] as number;
    if (index >= space) throw outOfRange(kind, index, space, offset);
    if (code === 0) module.escaping.add(index);
    module.exports.push({ name, kind, index });
  }
}
