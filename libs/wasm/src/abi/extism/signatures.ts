/**
 * Every function of `extism:host/env` with its core type, as Extism's plug-in development kits declare them; letters as
 * in `wasi/signatures.ts`.
 */
export const extismSignatures = {
  alloc: 'I:I',
  config_get: 'I:I',
  error_set: 'I:',
  free: 'I:',
  get_log_level: ':i',
  http_headers: ':I',
  http_request: 'II:I',
  http_status_code: ':i',
  input_length: ':I',
  input_load_u64: 'I:I',
  input_load_u8: 'I:i',
  length: 'I:I',
  length_unsafe: 'I:I',
  load_u64: 'I:I',
  load_u8: 'I:i',
  log_debug: 'I:',
  log_error: 'I:',
  log_info: 'I:',
  log_trace: 'I:',
  log_warn: 'I:',
  output_set: 'II:',
  store_u64: 'II:',
  store_u8: 'Ii:',
  var_get: 'I:I',
  var_set: 'II:',
} as const;

export type ExtismFunction = keyof typeof extismSignatures;

/** The name under which a plug-in imports them. */
export const extismModuleName = 'extism:host/env';
