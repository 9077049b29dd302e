import type { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import { type DecodedLimits, type DecodedModule, typeKind } from './decoded-module.js';
import { checkLimit } from './module-limits.js';
import { outOfRange, readValueType, refuse } from './value-types.js';

/** Everything of the host's that reaches the counters lives under this prefix, in imports and in exports. */
export const reservedPrefix = '$tenon';

/** Reads the index of a function type. */
export function readFunctionTypeIndex(reader: ByteReader, module: DecodedModule): number {
  const offset = reader.pos;
  const type = reader.u32();
  if (type >= module.types.length) throw outOfRange('type', type, module.types.length, offset);
  if (module.types[type]?.kind !== typeKind.func) {
    throw new WasmError('malformed', 'The type is not a function type.', { offset });
  }
  return type;
}

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
    checkPages(is64, min, max, start);
    module.memories.push(limits);
    checkLimit(module.limits, 'memoriesMax', module.memories.length, start);
    if (module.memories.length > 1) module.features.add('multi-memory');
  }
  return limits;
}

/** The clamp would make a maximum valid that is not. */
function checkPages(is64: boolean, min: number, max: number | undefined, offset: number): void {
  const allowed = is64 ? 2 ** 48 : 65_536;
  const found = Math.max(min, max ?? 0);
  if (found <= allowed) return;
  throw new WasmError('malformed', 'A memory is larger than its addresses reach.', {
    offset,
    found: `${found} pages`,
    allowed: `${allowed} pages`,
  });
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

/** Steps over a global's type without counting the global again. */
export function skipGlobalType(reader: ByteReader, module: DecodedModule): void {
  readValueType(reader, module, module.types.length);
  reader.u8();
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

export function reserved(what: string, name: string, offset: number): WasmError {
  return new WasmError('reserved_name', `The module has an ${what} under a name that metering keeps for itself.`, {
    offset,
    found: name,
    allowed: `names that do not start with ${reservedPrefix}`,
  });
}
