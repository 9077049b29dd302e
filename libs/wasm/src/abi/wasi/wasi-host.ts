import type { HostMeter } from '../engine-port.js';
import { GuestMemory } from '../host/guest-memory.js';
import type { RunState } from '../host/run-state.js';

/** What stands behind a file descriptor; nothing else can be opened. */
export type WasiStream = 'stdin' | 'stdout' | 'stderr';

/** File descriptors 0 to 2 and nothing above: there is no way to open more. */
const standardStreams: readonly WasiStream[] = ['stdin', 'stdout', 'stderr'];

/**
 * The host side of WASI preview 1 for one thread. The functions are made once and serve one run after another;
 * `begin` gives them the state of the next run, so that nothing of an earlier run is within reach.
 */
export class WasiHost {
  readonly memory = new GuestMemory();
  #state: RunState | undefined;
  readonly #streams = new Map<number, WasiStream>();
  readonly #flags = new Map<number, number>();
  #meter: HostMeter | undefined;
  /** False for an ABI that passes input and output by other ways: then input is empty and output is log. */
  readonly carriesJson: boolean;
  /** Moves on only by what the guest sleeps; starts at one second because Go's runtime refuses a clock that reads 0. */
  monotonicNs = 0n;

  constructor(carriesJson: boolean) {
    this.carriesJson = carriesJson;
  }

  begin(state: RunState): void {
    this.#state = state;
    this.monotonicNs = 1_000_000_000n;
    this.memory.attach(undefined);
    this.#flags.clear();
    this.#streams.clear();
    standardStreams.forEach((stream, fd) => {
      this.#streams.set(fd, stream);
    });
  }

  attach(memory: WebAssembly.Memory | undefined, meter: HostMeter): void {
    this.memory.attach(memory);
    this.#meter = meter;
  }

  /** Charges work of the host's against the guest's limit. */
  charge(units: number): void {
    this.#meter?.charge(units);
  }

  /** Input that is left to read. */
  get inputLeft(): number {
    return this.carriesJson ? this.state.input.length - this.state.inputOffset : 0;
  }

  /** @throws Error when no run has begun, which would be a bug of ours. */
  get state(): RunState {
    if (this.#state === undefined) throw new Error('a WASI function was called outside of a run');
    return this.#state;
  }

  stream(fd: number): WasiStream | undefined {
    return this.#streams.get(fd);
  }

  close(fd: number): void {
    this.#streams.delete(fd);
    this.#flags.delete(fd);
  }

  renumber(from: number, to: number): void {
    const stream = this.#streams.get(from);
    if (stream === undefined || from === to) return;
    this.#streams.set(to, stream);
    this.#flags.set(to, this.flags(from));
    this.close(from);
  }

  flags(fd: number): number {
    return this.#flags.get(fd) ?? 0;
  }

  setFlags(fd: number, flags: number): void {
    this.#flags.set(fd, flags);
  }
}
