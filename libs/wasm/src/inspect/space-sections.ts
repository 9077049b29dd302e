import type { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import { readConstExpression } from './const-expression.js';
import { type DecodedModule, externalKinds } from './decoded-module.js';
import { readGlobal, readLimits, readTableType, readTag, reserved, reservedPrefix } from './external-types.js';
import { checkLimit } from './module-limits.js';
import { outOfRange } from './value-types.js';

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
    if (!initialised) continue;
    readConstExpression(reader, module);
    module.tableUse.open.add(module.tables.length - 1);
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
    if (code === 1) module.tableUse.open.add(index);
    module.exports.push({ name, kind, index });
  }
}
