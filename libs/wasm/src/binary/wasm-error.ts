/**
 * Every way in which a module can be refused. Codes are stable: they reach users and are documented in `docs/limits.md`.
 * A code that ends in `_limit` names the bound of {@link ModuleLimits} that was crossed.
 */
export const wasmErrorCodes = [
  'not_wasm',
  'component_not_module',
  'malformed',
  'unexpected_end',
  'bad_leb128',
  'invalid_utf8',
  'section_order',
  'section_size',
  'unknown_section',
  'unknown_opcode',
  'feature_refused',
  'index_out_of_range',
  'invalid_start',
  'reserved_name',
  'module_bytes_limit',
  'types_limit',
  'functions_limit',
  'function_params_limit',
  'function_results_limit',
  'function_body_bytes_limit',
  'function_locals_limit',
  'locals_limit',
  'nesting_limit',
  'br_table_limit',
  'imports_limit',
  'exports_limit',
  'globals_limit',
  'memories_limit',
  'tables_limit',
  'tags_limit',
  'element_segments_limit',
  'data_segments_limit',
  'constant_bytes_limit',
  'custom_sections_limit',
  'name_bytes_limit',
  'memory_limit',
  'counters_missing',
] as const;

export type WasmErrorCode = (typeof wasmErrorCodes)[number];

/** Where and what: every field that is known when the error is found. */
export interface WasmErrorPlace {
  /** Bytes from the start of the module. */
  readonly offset?: number | undefined;
  /** The section by its name in the specification, such as `code`. */
  readonly section?: string | undefined;
  /** Index in the function index space, imports first. */
  readonly functionIndex?: number | undefined;
  readonly functionName?: string | undefined;
  readonly found?: string | undefined;
  readonly allowed?: string | undefined;
}

/** A module was refused, or could not be metered. Carries a stable code and the exact place. */
export class WasmError extends Error {
  readonly code: WasmErrorCode;
  readonly offset: number | undefined;
  readonly section: string | undefined;
  readonly functionIndex: number | undefined;
  readonly functionName: string | undefined;
  readonly found: string | undefined;
  readonly allowed: string | undefined;

  constructor(code: WasmErrorCode, message: string, place: WasmErrorPlace = {}) {
    super(message);
    this.name = 'WasmError';
    this.code = code;
    this.offset = place.offset;
    this.section = place.section;
    this.functionIndex = place.functionIndex;
    this.functionName = place.functionName;
    this.found = place.found;
    this.allowed = place.allowed;
  }

  /** The same error with the places that only the caller knows; what is already known stays. */
  at(place: WasmErrorPlace): WasmError {
    return new WasmError(this.code, this.message, {
      offset: this.offset ?? place.offset,
      section: this.section ?? place.section,
      functionIndex: this.functionIndex ?? place.functionIndex,
      functionName: this.functionName ?? place.functionName,
      found: this.found ?? place.found,
      allowed: this.allowed ?? place.allowed,
    });
  }
}
