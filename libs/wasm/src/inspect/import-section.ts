import type { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import { type DecodedModule, externalKinds, typeKind } from './decoded-module.js';
import { checkLimit } from './module-limits.js';
import { readLimits, readTableType } from './space-sections.js';
import { outOfRange, readValueType, refuse } from './value-types.js';

/** Everything of the host's that reaches the counters lives under this prefix, in imports and in exports. */
export const reservedPrefix = '$tenon';

/** Reads the import section. A module may not import what metering keeps for itself. */
export function readImportSection(reader: ByteReader, module: DecodedModule): void {
  const count = reader.u32();
  checkLimit(module.limits, 'importsMax', count, reader.pos);
  for (let at = 0; at < count; at++) {
    const offset = reader.pos;
    const from = reader.name(module.limits.nameBytesMax);
    const name = reader.name(module.limits.nameBytesMax);
    if (from.startsWith(reservedPrefix)) throw reserved('import', from, offset);
    const code = reader.u8();
    const kind = externalKinds[code];
    if (kind === undefined) {
      if (code === 0x20) throw refuse('custom descriptors (exact function imports)', reader.pos - 1);
      throw new WasmError('malformed', 'This byte is not a kind of import.', {
        offset: reader.pos - 1,
        found: String(code),
      });
    }
    const type = readImportType(reader, module, code);
    module.imports.push({ module: from, name, kind, type });
  }
  checkLimit(module.limits, 'functionsMax', module.functionTypes.length, reader.pos);
}

function readImportType(reader: ByteReader, module: DecodedModule, code: number): string {
  switch (code) {
    case 0:
      return `(func (type ${readFunctionImport(reader, module)}))`;
    case 1:
      readTableType(reader, module, true);
      return '(table)';
    case 2:
      readLimits(reader, module, 'memory', true);
      return '(memory)';
    case 3:
      return readGlobalType(reader, module);
    default:
      return `(tag (type ${readTag(reader, module)}))`;
  }
}

function readFunctionImport(reader: ByteReader, module: DecodedModule): number {
  const type = readFunctionTypeIndex(reader, module);
  module.functionTypes.push(type);
  module.importedFunctions++;
  return type;
}

function readGlobalType(reader: ByteReader, module: DecodedModule): string {
  const type = readGlobal(reader, module);
  module.importedGlobals++;
  return type;
}

/** Reads a global's type and counts the global. */
export function readGlobal(reader: ByteReader, module: DecodedModule): string {
  const type = readValueType(reader, module, module.types.length);
  const mutability = reader.u8();
  if (mutability & 2) throw refuse('threads (shared globals)', reader.pos - 1);
  if (mutability > 1) throw new WasmError('malformed', 'Mutability is neither 0 nor 1.', { offset: reader.pos - 1 });
  module.globalCount++;
  const text = mutability === 1 ? `(mut ${type})` : type;
  module.globalTypes.push(text);
  return `(global ${text})`;
}

/** Reads an exception tag. @returns its type index. */
export function readTag(reader: ByteReader, module: DecodedModule): number {
  const attribute = reader.u8();
  if (attribute !== 0) throw new WasmError('malformed', 'A tag is not an exception.', { offset: reader.pos - 1 });
  const type = readFunctionTypeIndex(reader, module);
  module.tagTypes.push(type);
  module.features.add('exceptions');
  return type;
}

function readFunctionTypeIndex(reader: ByteReader, module: DecodedModule): number {
  const offset = reader.pos;
  const type = reader.u32();
  if (type >= module.types.length) throw outOfRange('type', type, module.types.length, offset);
  if (module.types[type]?.kind !== typeKind.func) {
    throw new WasmError('malformed', 'The type is not a function type.', { offset });
  }
  return type;
}

export function reserved(what: string, name: string, offset: number): WasmError {
  return new WasmError('reserved_name', `The module has an ${what} under a name that metering keeps for itself.`, {
    offset,
    found: name,
    allowed: `names that do not start with ${reservedPrefix}`,
  });
}
