import { trapUncatchable } from '../../runtime/trap-uncatchable.js';
import { type Errno, errno } from './errno.js';
import { readIovecs } from './iovec.js';
import type { WasiHost, WasiStream } from './wasi-host.js';

/** Reads the rest of the input into the guest's buffers, first to last. */
function readInput(host: WasiHost, buffers: readonly Uint8Array[]): number {
  const { state } = host;
  let total = 0;
  for (const buffer of buffers) {
    const chunk = state.input.subarray(state.inputOffset, state.inputOffset + Math.min(buffer.length, host.inputLeft));
    buffer.set(chunk);
    state.inputOffset += chunk.length;
    total += chunk.length;
    if (chunk.length < buffer.length) break;
  }
  return total;
}

/** Standard output is the result and ends the run when it grows too large; standard error is the log, which is cut. */
function writeStream(host: WasiHost, stream: WasiStream, buffers: readonly Uint8Array[]): number {
  const { state } = host;
  const sink = stream === 'stdout' && host.carriesJson ? state.output : state.log;
  let total = 0;
  for (const buffer of buffers) {
    sink.write(buffer);
    total += buffer.length;
  }
  if (sink === state.output && sink.dropped > 0) {
    state.ending = { kind: 'output_too_large', bytes: sink.length + sink.dropped };
    trapUncatchable();
  }
  return total;
}

/** `fd_read` and `fd_write`, the only calls through which data moves, and their refusing relatives. */
export function streamFunctions(host: WasiHost) {
  const transfer = (
    fd: number,
    iovecs: number,
    count: number,
    totalPointer: number,
    fits: (stream: WasiStream) => boolean,
    move: (stream: WasiStream, buffers: readonly Uint8Array[]) => number,
  ): Errno => {
    const stream = host.stream(fd);
    if (stream === undefined || !fits(stream)) return errno.badf;
    if (!host.memory.holds(totalPointer, 4)) return errno.fault;
    const buffers = readIovecs(host, iovecs, count);
    if (buffers === 'too-many') return errno.inval;
    if (buffers === 'out-of-range') return errno.fault;
    host.memory.writeU32(totalPointer, move(stream, buffers));
    return errno.success;
  };
  return {
    fd_read: (fd: number, iovecs: number, count: number, totalPointer: number): Errno =>
      transfer(
        fd,
        iovecs,
        count,
        totalPointer,
        (stream) => stream === 'stdin',
        (_, buffers) => readInput(host, buffers),
      ),
    fd_write: (fd: number, iovecs: number, count: number, totalPointer: number): Errno =>
      transfer(
        fd,
        iovecs,
        count,
        totalPointer,
        (stream) => stream !== 'stdin',
        (stream, buffers) => writeStream(host, stream, buffers),
      ),
  };
}
