import { makeHonest, Resource } from './resource.js';
import type { WasiInterface, WasiP2Host } from './wasi-p2-host.js';
import { WasiP2Error } from './wasi-p2-host.js';

/** What one call to a stream moves at most; the size that Wasmtime's streams permit by default. */
const streamChunkBytesMax = 65_536;

const closed = { tag: 'closed' } as const;

/** Something to wait for. It is ready at once, or at a time of the monotonic clock, to which waiting moves that clock. */
export class Pollable extends Resource {
  readonly atNs: bigint;

  constructor(host: WasiP2Host, atNs = 0n) {
    super(host);
    this.atNs = atNs;
  }

  ready(): boolean {
    this.host.chargeCall();
    return this.atNs <= this.host.monotonicNs;
  }

  block(): void {
    this.host.chargeCall();
    this.host.sleepUntil(this.atNs);
  }
}

/** Never made: nothing here fails with an error that has more to say. */
class IoError {
  toDebugString(): string {
    return 'error';
  }
}

/** Standard input: the run's input for a command, closed for every other component. */
export class InputStream extends Resource {
  read(length: bigint): Uint8Array {
    this.host.chargeCall();
    const { state, standardStreamsCarryJson } = this.host;
    const left = standardStreamsCarryJson ? state.input.length - state.inputOffset : 0;
    if (left === 0) throw new WasiP2Error(closed);
    const wanted = Math.min(left, length > streamChunkBytesMax ? streamChunkBytesMax : Number(length));
    const bytes = state.input.slice(state.inputOffset, state.inputOffset + wanted);
    state.inputOffset += wanted;
    return bytes;
  }

  blockingRead(length: bigint): Uint8Array {
    return this.read(length);
  }

  skip(length: bigint): bigint {
    return BigInt(this.read(length).length);
  }

  blockingSkip(length: bigint): bigint {
    return this.skip(length);
  }

  subscribe(): Pollable {
    this.host.chargeCall();
    return new Pollable(this.host);
  }
}

/** Standard output or standard error. */
export class OutputStream extends Resource {
  readonly #isOutput: boolean;

  constructor(host: WasiP2Host, isOutput: boolean) {
    super(host);
    this.#isOutput = isOutput;
  }

  checkWrite(): bigint {
    this.host.chargeCall();
    return BigInt(streamChunkBytesMax);
  }

  /** More than `checkWrite` permits is a trap by the rules of `wasi:io`, so that one call's work is bounded. */
  write(bytes: Uint8Array): void {
    const { state, standardStreamsCarryJson } = this.host;
    if (bytes.length > streamChunkBytesMax) this.host.trap();
    this.host.chargeCall();
    const sink = this.#isOutput && standardStreamsCarryJson ? state.output : state.log;
    sink.write(bytes);
    if (sink !== state.output || sink.dropped === 0) return;
    this.host.end({ kind: 'output_too_large', bytes: sink.length + sink.dropped });
  }

  blockingWriteAndFlush(bytes: Uint8Array): void {
    this.write(bytes);
  }

  flush(): void {
    this.host.chargeCall();
  }

  blockingFlush(): void {
    this.flush();
  }

  subscribe(): Pollable {
    this.host.chargeCall();
    return new Pollable(this.host);
  }

  writeZeroes(length: bigint): void {
    if (length > streamChunkBytesMax) throw new WasiP2Error(closed);
    this.host.charge(Number(length) >>> 3);
    this.write(new Uint8Array(Number(length)));
  }

  blockingWriteZeroesAndFlush(length: bigint): void {
    this.writeZeroes(length);
  }

  splice(source: InputStream, length: bigint): bigint {
    const bytes = source.read(length);
    this.host.charge(bytes.length >>> 3);
    this.write(bytes);
    return BigInt(bytes.length);
  }

  blockingSplice(source: InputStream, length: bigint): bigint {
    return this.splice(source, length);
  }
}

for (const resource of [Pollable, InputStream, OutputStream]) makeHonest(resource);

/** `wasi:io`: errors, polling and streams. */
export function ioInterfaces(): Readonly<Record<string, WasiInterface>> {
  const poll = (pollables: readonly Pollable[]): Uint32Array => {
    const readyNow = (): number[] => pollables.flatMap((pollable, i) => (pollable.ready() ? [i] : []));
    let ready = readyNow();
    if (ready.length === 0) {
      let earliest: Pollable | undefined;
      for (const pollable of pollables) if (!earliest || pollable.atNs < earliest.atNs) earliest = pollable;
      earliest?.block();
      ready = readyNow();
    }
    return new Uint32Array(ready);
  };
  return {
    'wasi:io/error': { Error: IoError },
    'wasi:io/poll': { Pollable, poll },
    'wasi:io/streams': { InputStream, OutputStream },
  };
}
