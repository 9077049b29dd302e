import { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import { readCodeSection } from './code-section.js';
import { DecodedModule, typeKind } from './decoded-module.js';
import { readImportSection } from './import-section.js';
import { checkLimit, defaultModuleLimits, type ModuleLimits } from './module-limits.js';
import { readNameSection } from './name-section.js';
import { readDataSection, readElementSection } from './segment-sections.js';
import {
  readExportSection,
  readGlobalSection,
  readMemorySection,
  readTableSection,
  readTagSection,
} from './space-sections.js';
import { readTypeSection } from './type-section.js';
import { outOfRange, refuse } from './value-types.js';

export const sectionNames: Readonly<Record<number, string>> = {
  0: 'custom',
  1: 'type',
  2: 'import',
  3: 'function',
  4: 'table',
  5: 'memory',
  6: 'global',
  7: 'export',
  8: 'start',
  9: 'element',
  10: 'code',
  11: 'data',
  12: 'data count',
  13: 'tag',
};

/** Place of every section in the order the specification asks for; it is not the order of their ids. */
export const sectionRank: Readonly<Record<number, number>> = {
  1: 1,
  2: 2,
  3: 3,
  4: 4,
  5: 5,
  13: 6,
  6: 7,
  7: 8,
  8: 9,
  9: 10,
  12: 11,
  10: 12,
  11: 13,
};

/**
 * Reads a whole module and checks everything that metering relies on.
 * @throws WasmError with the offset and section of the first thing that is wrong.
 */
export function readModule(bytes: Uint8Array, limits: Partial<ModuleLimits> = {}): DecodedModule {
  const module = new DecodedModule(bytes, { ...defaultModuleLimits, ...limits });
  try {
    readSections(bytes, module);
    return module;
  } catch (error) {
    throw error instanceof WasmError ? withFunctionName(error, module) : error;
  }
}

/** Names stand behind the code, so they are looked up only once something is wrong. */
function withFunctionName(error: WasmError, module: DecodedModule): WasmError {
  const { functionIndex } = error;
  if (functionIndex === undefined) return error;
  const reader = new ByteReader(module.bytes, module.sections.at(-1)?.end ?? module.bytes.length);
  try {
    while (reader.pos < reader.end) {
      const section = openSection(reader, module);
      if (section.name === 'name') readNameSection(new ByteReader(module.bytes, section.start, section.end), module);
      reader.pos = section.end;
    }
  } catch (later) {
    if (!(later instanceof WasmError)) throw later;
  }
  return error.at({ functionName: module.functionNames.get(functionIndex) });
}

function readSections(bytes: Uint8Array, module: DecodedModule): void {
  checkLimit(module.limits, 'moduleBytesMax', bytes.length, 0);
  checkPreamble(bytes);
  const reader = new ByteReader(bytes, 8);
  let rank = 0;
  let customs = 0;
  while (reader.pos < bytes.length) {
    const section = openSection(reader, module);
    if (section.id === 0) checkLimit(module.limits, 'customSectionsMax', ++customs, section.head);
    else rank = checkOrder(section.id, rank, section.head);
    readNamedSection(section.id, new ByteReader(bytes, section.start, section.end), module, section.name);
    reader.pos = section.end;
  }
  checkWhole(module);
}

function checkPreamble(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || view.getUint32(0) !== 0x0061736d) {
    throw new WasmError('not_wasm', 'The bytes do not start like a WebAssembly module.', { offset: 0 });
  }
  const version = view.getUint32(4, true);
  if (version === 0x1000d) {
    throw new WasmError('component_not_module', 'This is a component, not a core module.', { offset: 4 });
  }
  if (version !== 1) {
    throw new WasmError('not_wasm', 'This version of the binary format is not known.', {
      offset: 4,
      found: String(version),
      allowed: '1',
    });
  }
}

function openSection(reader: ByteReader, module: DecodedModule): DecodedModule['sections'][number] {
  const head = reader.pos;
  const id = reader.u8();
  const size = reader.u32();
  if (size > reader.end - reader.pos) {
    throw new WasmError('section_size', 'A section is longer than the module.', {
      offset: head,
      section: sectionNames[id],
      found: `${size} bytes`,
      allowed: `${reader.end - reader.pos} bytes`,
    });
  }
  const end = reader.pos + size;
  const inside = new ByteReader(reader.bytes, reader.pos, end);
  const name = id === 0 ? customName(inside, module) : undefined;
  const section = { id, head, start: inside.pos, end, name };
  module.sections.push(section);
  return section;
}

function customName(reader: ByteReader, module: DecodedModule): string {
  try {
    return reader.name(module.limits.nameBytesMax);
  } catch (error) {
    throw error instanceof WasmError ? error.at({ section: sectionNames[0] }) : error;
  }
}

function checkOrder(id: number, rankBefore: number, offset: number): number {
  const rank = sectionRank[id];
  if (rank === undefined) {
    throw new WasmError('unknown_section', 'There is no section with this id.', { offset, found: String(id) });
  }
  if (rank > rankBefore) return rank;
  throw new WasmError('section_order', 'A section is repeated or out of order.', { offset, section: sectionNames[id] });
}

function readNamedSection(id: number, reader: ByteReader, module: DecodedModule, name: string | undefined): void {
  try {
    readSection(id, reader, module, name);
    if (id === 0 || reader.pos === reader.end) return;
    throw new WasmError('section_size', 'A section has bytes after its last entry.', { offset: reader.pos });
  } catch (error) {
    throw error instanceof WasmError ? error.at({ section: sectionNames[id] }) : error;
  }
}

function readSection(id: number, reader: ByteReader, module: DecodedModule, name: string | undefined): void {
  switch (id) {
    case 0:
      if (name === 'name') readNameSection(reader, module);
      return;
    case 1:
      readTypeSection(reader, module);
      return;
    case 2:
      readImportSection(reader, module);
      return;
    case 3:
      readFunctionSection(reader, module);
      return;
    case 4:
      readTableSection(reader, module);
      return;
    case 5:
      readMemorySection(reader, module);
      return;
    case 6:
      readGlobalSection(reader, module);
      return;
    case 7:
      readExportSection(reader, module);
      return;
    case 8:
      readStartSection(reader, module);
      return;
    case 9:
      readElementSection(reader, module);
      return;
    case 10:
      readCodeSection(reader, module);
      return;
    case 11:
      readDataSection(reader, module);
      return;
    case 12:
      module.declaredDataSegments = reader.u32();
      return;
    default:
      readTagSection(reader, module);
      return;
  }
}

function readFunctionSection(reader: ByteReader, module: DecodedModule): void {
  const count = reader.u32();
  checkLimit(module.limits, 'functionsMax', module.functionTypes.length + count, reader.pos);
  for (let at = 0; at < count; at++) {
    const type = reader.u32();
    if (type >= module.types.length) throw outOfRange('type', type, module.types.length, reader.pos);
    if (module.types[type]?.kind !== typeKind.func) {
      throw new WasmError('malformed', 'A function has a type that is not a function type.', { offset: reader.pos });
    }
    module.functionTypes.push(type);
  }
}

/** The section is taken out of the rewritten module, so the engine cannot check it any more. */
function readStartSection(reader: ByteReader, module: DecodedModule): void {
  const offset = reader.pos;
  const index = reader.u32();
  if (index >= module.functionTypes.length) throw outOfRange('function', index, module.functionTypes.length, offset);
  const type = module.types[module.functionTypes[index] as number];
  if (type === undefined || type.paramCount > 0 || type.resultCount > 0) {
    throw new WasmError('invalid_start', 'The start function must have no parameters and no results.', {
      offset,
      functionIndex: index,
    });
  }
  module.start = index;
}

/**
 * V8 refuses modules that use both encodings of exceptions, but whether it notices depends on which of its threads
 * validates which function. So they are refused here, always.
 */
function checkExceptions(module: DecodedModule): void {
  if (module.exnrefOffset === undefined || !module.features.has('legacy-exceptions')) return;
  throw refuse('legacy and new exception handling in one module', module.exnrefOffset);
}

function checkWhole(module: DecodedModule): void {
  checkExceptions(module);
  const defined = module.functionTypes.length - module.importedFunctions;
  if (defined !== module.bodyStarts.length) {
    throw new WasmError('malformed', 'The module declares functions but has no code for them.', {
      offset: module.bytes.length,
      section: 'code',
      found: `${module.bodyStarts.length} bodies`,
      allowed: `${defined} bodies`,
    });
  }
  const { declaredDataSegments, dataSegments } = module;
  if (declaredDataSegments !== undefined && declaredDataSegments !== dataSegments) {
    throw new WasmError('malformed', 'The data count section does not agree with the data section.', {
      offset: module.bytes.length,
      section: 'data',
      found: String(dataSegments),
      allowed: String(declaredDataSegments),
    });
  }
}
