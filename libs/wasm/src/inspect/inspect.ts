import type { DecodedExport, DecodedImport } from './decoded-module.js';
import type { ModuleLimits } from './module-limits.js';
import { readModule, sectionNames } from './module-reader.js';

export interface ModuleInspection {
  readonly bytes: number;
  readonly features: readonly string[];
  readonly imports: readonly DecodedImport[];
  readonly exports: readonly DecodedExport[];
  readonly sections: readonly { readonly name: string; readonly bytes: number; readonly offset: number }[];
}

export function inspect(bytes: Uint8Array, limits: Partial<ModuleLimits> = {}): ModuleInspection {
  const module = readModule(bytes, limits);
  return {
    bytes: bytes.length,
    features: [...module.features].sort(),
    imports: module.imports,
    exports: module.exports,
    sections: module.sections.map((part) => ({
      name: part.name === undefined ? (sectionNames[part.id] ?? '') : part.name,
      bytes: part.end - part.head,
      offset: part.head,
    })),
  };
}
