import { costs } from './costs.js';
import type { WasiHost } from './wasi-host.js';

/** The most buffers one call may name, as in Linux (IOV_MAX): what a host call does must be bounded. */
export const iovecsMax = 1_024;

const iovecBytes = 8;

/** Why a list of buffers can't be used; the two map to `EINVAL` and `EFAULT`. */
export type IovecProblem = 'too-many' | 'out-of-range';

/**
 * Reads a list of `(pointer, length)` pairs and checks every one before any is used, so that a call either does its
 * whole work or none.
 */
export function readIovecs(host: WasiHost, pointer: number, count: number): readonly Uint8Array[] | IovecProblem {
  const wanted = count >>> 0;
  if (wanted > iovecsMax) return 'too-many';
  if (!host.memory.holds(pointer, wanted * iovecBytes)) return 'out-of-range';
  host.charge(costs.call + wanted * costs.buffer);
  const buffers: Uint8Array[] = [];
  for (let i = 0; i < wanted; i += 1) {
    const at = (pointer >>> 0) + i * iovecBytes;
    const buffer = host.memory.slice(host.memory.u32(at), host.memory.u32(at + 4));
    if (buffer === undefined) return 'out-of-range';
    buffers.push(buffer);
  }
  return buffers;
}
