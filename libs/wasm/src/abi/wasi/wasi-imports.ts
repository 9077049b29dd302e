import type { WasiFunction } from './signatures.js';
import { clockFunctions } from './wasi-clock.js';
import { deniedFunctions, descriptorFunctions } from './wasi-descriptors.js';
import type { WasiHost } from './wasi-host.js';
import { processFunctions } from './wasi-process.js';
import { streamFunctions } from './wasi-streams.js';

/** The name under which a guest imports WASI preview 1. */
export const wasiModuleName = 'wasi_snapshot_preview1';

/** All functions of WASI preview 1, bound to one host. */
export function wasiFunctions(host: WasiHost) {
  return {
    ...processFunctions(host),
    ...clockFunctions(host),
    ...streamFunctions(host),
    ...descriptorFunctions(host),
    ...deniedFunctions(host),
  } satisfies Record<WasiFunction, (...values: never[]) => unknown>;
}
