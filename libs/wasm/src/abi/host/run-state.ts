import type { ExecutionRequest } from '@tenon/contracts';
import { ByteSink } from './byte-sink.js';
import type { GuestEnding } from './guest-ending.js';
import { RandomSource } from './random-source.js';

const encoder = new TextEncoder();

/** What one run has read and written so far; made anew for every run and shared by the ABI's host functions. */
export class RunState {
  readonly input: Uint8Array;
  inputOffset = 0;
  readonly output: ByteSink;
  readonly log: ByteSink;
  ending: GuestEnding | undefined;
  readonly #request: ExecutionRequest;
  #random: RandomSource | undefined;

  constructor(request: ExecutionRequest) {
    this.#request = request;
    this.input = encoder.encode(request.input);
    this.output = new ByteSink(request.limits.outputBytesMax);
    this.log = new ByteSink(request.limits.logBytesMax);
  }

  get request(): ExecutionRequest {
    return this.#request;
  }

  /** The frozen wall clock, in nanoseconds since 1970. */
  get wallClockNs(): bigint {
    return BigInt(Math.trunc(this.#request.clockMs)) * 1_000_000n;
  }

  /** Made when first asked for: most guests never draw a random byte. */
  get random(): RandomSource {
    this.#random ??= new RandomSource(this.#request.seed);
    return this.#random;
  }
}
