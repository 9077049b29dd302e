import type { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import { type DecodedModule, externalKinds } from './decoded-module.js';
import {
  readFunctionTypeIndex,
  readGlobal,
  readLimits,
  readTableType,
  readTag,
  reserved,
  reservedPrefix,
} from './external-types.js';
import { checkLimit } from './module-limits.js';
import { refuse } from './value-types.js';

/** Reads the import section. A module may import neither from metering nor what metering exports. */
export function readImportSection(reader: ByteReader, module: DecodedModule): void {
  const count = reader.u32();
  checkLimit(module.limits, 'importsMax', count, reader.pos);
  for (let at = 0; at < count; at++) {
    const offset = reader.pos;
    const from = reader.name(module.limits.nameBytesMax);
    const name = reader.name(module.limits.nameBytesMax);
    for (const word of [from, name]) if (word.startsWith(reservedPrefix)) throw reserved('import', word, offset);
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
