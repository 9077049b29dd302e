import { trapUncatchable } from '../../runtime/trap-uncatchable.js';
import { costs } from './costs.js';
import { type Errno, errno } from './errno.js';
import type { WasiHost } from './wasi-host.js';

/** What a guest finds in `argv`: a name and nothing else. The environment is empty. */
const programName = new TextEncoder().encode('function\0');

function writeSizes(host: WasiHost, countPointer: number, bytesPointer: number, count: number, bytes: number): Errno {
  host.charge(costs.call);
  if (!host.memory.holds(countPointer, 4) || !host.memory.holds(bytesPointer, 4)) return errno.fault;
  host.memory.writeU32(countPointer, count);
  host.memory.writeU32(bytesPointer, bytes);
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
    environ_sizes_get: (count: number, bytes: number): Errno => writeSizes(host, count, bytes, 0, 0),
    environ_get: (): Errno => errno.success,
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
