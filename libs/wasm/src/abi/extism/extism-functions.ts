import { costs } from './costs.js';
import type { ExtismHost } from './extism-host.js';
import type { ExtismFunction } from './signatures.js';

/** `trace`, the lowest of Extism's levels: the log is bounded, so nothing has to be held back. */
const logLevelTrace = 0;

const encoder = new TextEncoder();

type HostFunctions = Readonly<Record<string, (...values: never[]) => unknown>>;

/** Lets a plug-in pay the same for each of these calls, before its work is done. */
function priced<Functions extends HostFunctions>(host: ExtismHost, units: number, functions: Functions): Functions {
  const entries = Object.entries<HostFunctions[string]>(functions).map(([name, call]) => {
    const paid = (...values: never[]): unknown => {
      host.charge(units);
      return call(...values);
    };
    return [name, paid] as const;
  });
  return Object.fromEntries(entries) as unknown as Functions;
}

function memoryFunctions(host: ExtismHost) {
  return {
    ...priced(host, costs.call, {
      alloc: (length: bigint): bigint => host.memory.alloc(BigInt.asUintN(64, length)),
      free: (offset: bigint): void => host.memory.free(offset),
    }),
    ...priced(host, costs.access, accessFunctions(host)),
  };
}

function accessFunctions(host: ExtismHost) {
  return {
    length: (offset: bigint): bigint => BigInt(host.memory.length(offset)),
    length_unsafe: (offset: bigint): bigint => BigInt(host.memory.length(offset)),
    load_u8: (offset: bigint): number => host.memory.u8(offset),
    load_u64: (offset: bigint): bigint => host.memory.u64(offset),
    store_u8: (offset: bigint, value: number): void => host.memory.setU8(offset, value),
    store_u64: (offset: bigint, value: bigint): void => host.memory.setU64(offset, value),
  };
}

/** The input is read in place; eight bytes at a time where eight are left. */
function inputFunctions(host: ExtismHost) {
  const at = (offset: bigint): number => Number(BigInt.asUintN(64, offset));
  return {
    input_length: (): bigint => BigInt(host.state.input.length),
    input_load_u8: (offset: bigint): number => host.state.input[at(offset)] ?? 0,
    input_load_u64: (offset: bigint): bigint => {
      const view = host.inputView;
      return at(offset) + 8 > view.byteLength ? 0n : view.getBigUint64(at(offset), true);
    },
  };
}

function logFunctions(host: ExtismHost) {
  const log =
    (level: string) =>
    (offset: bigint): void => {
      if (host.memory.length(offset) === 0) return;
      host.state.log.write(encoder.encode(`${level}: ${host.text(offset)}\n`));
    };
  return {
    log_trace: log('trace'),
    log_debug: log('debug'),
    log_info: log('info'),
    log_warn: log('warn'),
    log_error: log('error'),
    get_log_level: (): number => logLevelTrace,
  };
}

function settingFunctions(host: ExtismHost) {
  return {
    config_get: (key: bigint): bigint => {
      const config = host.state.request.config ?? {};
      const name = host.text(key);
      return Object.hasOwn(config, name) ? host.put(encoder.encode(config[name])) : 0n;
    },
    var_get: (key: bigint): bigint => host.getVar(host.text(key)),
    var_set: (key: bigint, value: bigint): void => {
      host.setVar(host.text(key), value === 0n ? undefined : (host.memory.block(value) ?? new Uint8Array(0)));
    },
  };
}

/** HTTP is not granted: a request ends the run, and there never is a response to ask about. */
function httpFunctions(host: ExtismHost) {
  return {
    http_request: (): bigint =>
      host.end({ kind: 'capability_denied', what: 'outbound HTTP (extism:host/env.http_request)' }),
    http_status_code: (): number => 0,
    http_headers: (): bigint => 0n,
  };
}

/** All functions of `extism:host/env`, bound to one host. */
export function extismFunctions(host: ExtismHost) {
  return {
    ...memoryFunctions(host),
    ...priced(host, costs.access, inputFunctions(host)),
    ...priced(host, costs.text, logFunctions(host)),
    ...priced(host, costs.text, settingFunctions(host)),
    ...httpFunctions(host),
    ...priced(host, costs.access, {
      output_set: (offset: bigint, length: bigint): void => host.setOutput(offset, length),
    }),
    ...priced(host, costs.text, { error_set: (offset: bigint): void => host.setError(offset) }),
  } satisfies Record<ExtismFunction, (...values: never[]) => unknown>;
}
