import { type DecodedExport, type DecodedImport, type DecodedModule, typeKind } from './decoded-module.js';
import type { ModuleLimits } from './module-limits.js';
import { readModule, sectionNames } from './module-reader.js';
import { type Producer, readProducers } from './producers-section.js';
import { functionTypeText } from './type-text.js';

/** Size limits of a memory in pages of 65,536 bytes, or of a table in elements. */
export interface InspectedLimits {
  readonly min: number;
  readonly max: number | undefined;
  /** Addressed with 64 bits. */
  readonly is64: boolean;
  readonly imported: boolean;
}

export interface InspectedFunction {
  /** Index in the function index space, imports first. */
  readonly index: number;
  readonly name: string | undefined;
  readonly bytes: number;
}

export interface InspectedSection {
  /** The name in the specification, or the name of a custom section. */
  readonly name: string;
  readonly custom: boolean;
  /** Bytes with the section's id and size. */
  readonly bytes: number;
  readonly offset: number;
}

/** What a module is and contains, after it has passed every check of the engine's own. */
export interface ModuleInspection {
  readonly bytes: number;
  /** Proposals beyond the MVP that the module uses, by name, sorted. */
  readonly features: readonly string[];
  readonly imports: readonly DecodedImport[];
  readonly exports: readonly DecodedExport[];
  readonly sections: readonly InspectedSection[];
  readonly functionsDefined: number;
  readonly functionsImported: number;
  /** The ten functions with the largest bodies, largest first. */
  readonly biggestFunctions: readonly InspectedFunction[];
  /** Types of all functions, imports first, such as `(i32, i32) -> i64`. */
  readonly functionTypes: readonly string[];
  readonly typesDefined: number;
  readonly memories: readonly InspectedLimits[];
  readonly tables: readonly InspectedLimits[];
  readonly globals: readonly string[];
  readonly tags: number;
  readonly elementSegments: number;
  readonly dataSegments: number;
  readonly dataBytes: number;
  /** Function index of the start function. */
  readonly start: number | undefined;
  readonly moduleName: string | undefined;
  /** Functions that have a name in the name section. */
  readonly functionsNamed: number;
  readonly producers: readonly Producer[];
  /** The body with most locals, parameters included. */
  readonly localsMax: number;
}

/**
 * Reads a module and describes it, or says exactly what is wrong with it. Takes one pass, time proportional to the
 * bytes, and memory proportional to the number of entries, each of which is bounded before it is stored.
 *
 * @throws WasmError with a stable code, the byte offset, the section and, inside code, the function.
 */
export function inspect(bytes: Uint8Array, limits: Partial<ModuleLimits> = {}): ModuleInspection {
  return describeModule(readModule(bytes, limits));
}

/** The description of a module that has been read already. */
export function describeModule(module: DecodedModule): ModuleInspection {
  return {
    bytes: module.bytes.length,
    features: [...module.features].filter((name) => name !== 'mvp').sort(),
    imports: module.imports,
    exports: module.exports,
    sections: module.sections.map((part) => ({
      name: part.name ?? sectionNames[part.id] ?? '',
      custom: part.id === 0,
      bytes: part.end - part.head,
      offset: part.head,
    })),
    functionsDefined: module.bodyStarts.length,
    functionsImported: module.importedFunctions,
    biggestFunctions: biggestFunctions(module),
    functionTypes: describeFunctions(module),
    typesDefined: module.types.length,
    memories: module.memories.map(({ min, max, is64, imported }) => ({ min, max, is64, imported })),
    tables: module.tables.map(({ min, max, is64, imported }) => ({ min, max, is64, imported })),
    globals: module.globalTypes,
    tags: module.tagTypes.length,
    elementSegments: module.elementSegments,
    dataSegments: module.dataSegments,
    dataBytes: module.dataBytes,
    start: module.start,
    moduleName: module.moduleName,
    functionsNamed: module.functionNames.size,
    producers: readProducers(module),
    localsMax: module.bodyLocals.reduce((most, count) => Math.max(most, count), 0),
  };
}

function describeFunctions(module: DecodedModule): string[] {
  const texts = module.types.map((type) => (type.kind === typeKind.func ? functionTypeText(module, type) : ''));
  return module.functionTypes.map((type) => texts[type] ?? '');
}

function biggestFunctions(module: DecodedModule): InspectedFunction[] {
  const size = (at: number): number => (module.bodyEnds[at] as number) - (module.bodyStarts[at] as number);
  const biggest: number[] = [];
  for (let at = 0; at < module.bodyStarts.length; at++) {
    if (biggest.length === 10 && size(at) <= size(biggest[9] as number)) continue;
    biggest.push(at);
    biggest.sort((a, b) => size(b) - size(a) || a - b);
    biggest.length = Math.min(biggest.length, 10);
  }
  return biggest.map((at) => {
    const index = module.importedFunctions + at;
    return { index, name: module.functionNames.get(index), bytes: size(at) };
  });
}
