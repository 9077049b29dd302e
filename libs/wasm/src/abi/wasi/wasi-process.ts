import { trapUncatchable } from '../../runtime/trap-uncatchable.js';
import { guestEnvironment } from '../host/guest-environment.js';
import { costs } from './costs.js';
import { type Errno, errno } from './errno.js';
import type { WasiHost } from './wasi-host.js';

/** What a guest finds in `argv`: a name and nothing else. */
const programName = new TextEncoder().encode('function\0');

function writeSizes(host: WasiHost, countPointer: number, bytesPointer: number, count: number, bytes: number): Errno {
  host.charge(costs.call);
  if (!host.memory.holds(countPointer, 4) || !host.memory.holds(bytesPointer, 4)) return errno.fault;
  host.memory.writeU32(countPointer, count);
  host.memory.writeU32(bytesPointer, bytes);
  return errno.success;
}

const encoder = new TextEncoder();

function environmentOf(host: WasiHost): readonly Uint8Array[] {
  return guestEnvironment(host.state).map(([name, value]) => encoder.encode(`${name}=${value}\0`));
}

function writeEnvironment(host: WasiHost, vector: number, buffer: number): Errno {
  const entries = environmentOf(host);
  let at = buffer >>> 0;
  for (const [index, entry] of entries.entries()) {
    host.charge(2 * costs.call + entry.length * costs.textByte);
    const slot = (vector >>> 0) + 4 * index;
    if (!host.memory.holds(slot, 4) || !host.memory.holds(at, entry.length)) return errno.fault;
    host.memory.writeU32(slot, at);
    host.memory.writeBytes(at, entry);
    at += entry.length;
  }
  return errno.success;
}

/** Arguments, environment, exit, random bytes and yielding. */
export function processFunctions(host: WasiHost) {
  return {
    args_sizes_get: (count: number, bytes: number): Errno => writeSizes(host, count, bytes, 1, programName.length),
    args_get: (vector: number, buffer: number): Errno => {
      host.charge(2 * costs.call);
      if (!host.memory.holds(vector, 4) || !host.memory.holds(buffer, programName.length)) return errno.fault;
      host.memory.writeU32(vector, buffer >>> 0);
      host.memory.writeBytes(buffer, programName);
      return errno.success;
    },
    environ_sizes_get: (count: number, bytes: number): Errno => {
      const entries = environmentOf(host);
      const total = entries.reduce((sum, entry) => sum + entry.length, 0);
      return writeSizes(host, count, bytes, entries.length, total);
    },
    environ_get: (vector: number, buffer: number): Errno => writeEnvironment(host, vector, buffer),
    random_get: (pointer: number, length: number): Errno => {
      const target = host.memory.slice(pointer, length);
      if (target === undefined) return errno.fault;
      // One call may ask for all of memory, so the bytes are paid for: about what making one costs the host.
      host.charge(costs.call + target.length * costs.randomByte);
      host.state.random.fill(target);
      return errno.success;
    },
    sched_yield: (): Errno => errno.success,
    proc_raise: (): Errno => errno.nosys,
    proc_exit: (code: number): never => {
      host.state.ending = { kind: 'exit', code: code >>> 0 };
      return trapUncatchable();
    },
  };
}
