import { WasmError, type WasmErrorCode } from '../binary/wasm-error.js';

/**
 * What a module may contain. Numbers follow V8's own implementation limits (`src/wasm/wasm-limits.h`), lowered where a
 * smaller number is enough for every toolchain known and keeps the time for hostile input short. Two parameters and one
 * result less than V8's 1,000 leave room for the counters that metering passes along. `localsMax` is for all functions
 * together, since V8 takes time for every local that is declared: 1.5 billion of them fit 200 kB and took it 6 s.
 * `constantBytesMax` is for all objects that constant expressions make, which happens before anything is metered.
 */
export const defaultModuleLimits = {
  moduleBytesMax: 64_000_000,
  typesMax: 200_000,
  functionsMax: 250_000,
  functionParamsMax: 998,
  functionResultsMax: 999,
  functionBodyBytesMax: 4_000_000,
  functionLocalsMax: 49_990,
  localsMax: 5_000_000,
  nestingMax: 10_000,
  brTableEntriesMax: 65_520,
  importsMax: 100_000,
  exportsMax: 100_000,
  globalsMax: 200_000,
  memoriesMax: 100,
  tablesMax: 1_000,
  tagsMax: 10_000,
  elementSegmentsMax: 100_000,
  dataSegmentsMax: 100_000,
  constantBytesMax: 10_000_000,
  customSectionsMax: 1_000,
  nameBytesMax: 100_000,
} as const;

export type ModuleLimits = { readonly [Name in keyof typeof defaultModuleLimits]: number };

const codes: Readonly<Record<keyof ModuleLimits, WasmErrorCode>> = {
  moduleBytesMax: 'module_bytes_limit',
  typesMax: 'types_limit',
  functionsMax: 'functions_limit',
  functionParamsMax: 'function_params_limit',
  functionResultsMax: 'function_results_limit',
  functionBodyBytesMax: 'function_body_bytes_limit',
  functionLocalsMax: 'function_locals_limit',
  localsMax: 'locals_limit',
  nestingMax: 'nesting_limit',
  brTableEntriesMax: 'br_table_limit',
  importsMax: 'imports_limit',
  exportsMax: 'exports_limit',
  globalsMax: 'globals_limit',
  memoriesMax: 'memories_limit',
  tablesMax: 'tables_limit',
  tagsMax: 'tags_limit',
  elementSegmentsMax: 'element_segments_limit',
  dataSegmentsMax: 'data_segments_limit',
  constantBytesMax: 'constant_bytes_limit',
  customSectionsMax: 'custom_sections_limit',
  nameBytesMax: 'name_bytes_limit',
};

/** @throws WasmError with the code of the limit when `found` is more than it allows. */
export function checkLimit(limits: ModuleLimits, name: keyof ModuleLimits, found: number, offset: number): void {
  const allowed = limits[name];
  if (found <= allowed) return;
  throw new WasmError(codes[name], `The module crosses the limit ${name}.`, {
    offset,
    found: String(found),
    allowed: String(allowed),
  });
}
