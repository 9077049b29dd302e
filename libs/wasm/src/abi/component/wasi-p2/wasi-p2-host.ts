import { EngineFault } from '../../engine-fault.js';
import type { HostMeter } from '../../engine-port.js';
import type { GuestEnding } from '../../host/guest-ending.js';
import type { RunState } from '../../host/run-state.js';

/** Functions and resource classes of one WASI interface, under the names that jco's glue asks for. */
export type WasiInterface = Readonly<Record<string, unknown>>;

/**
 * What one call costs a guest as fuel: jco's glue keeps books about every call, which takes the host one to three
 * microseconds, the time of so many instructions.
 */
const unitsPerCall = 1_000;

/** The monotonic clock starts at one second, as in WASI preview 1 here. */
const clockStartNs = 1_000_000_000n;

/**
 * What the host functions of a component share. They are made once per thread and serve one run after another; `begin`
 * gives them the state of the next run.
 */
export class WasiP2Host {
  /** Ends the running guest so that neither it nor the glue can catch it. */
  readonly trap: () => never;
  #state: RunState | undefined;
  #meter: HostMeter | undefined;
  /** Moves on only by what the guest sleeps. */
  monotonicNs = clockStartNs;
  /** True when standard input and output carry the JSON, as for `wasi:cli/run`; otherwise output is log. */
  standardStreamsCarryJson = false;

  constructor(trap: () => never) {
    this.trap = trap;
  }

  begin(state: RunState, meter?: HostMeter): void {
    this.#state = state;
    this.#meter = meter;
    this.monotonicNs = clockStartNs;
  }

  /** @throws EngineFault when no run has begun, which would be a bug of ours. */
  get state(): RunState {
    if (this.#state === undefined) throw new EngineFault('a WASI function was called outside of a run');
    return this.#state;
  }

  /** Charges work of the host's against the guest's limit. */
  charge(units: number): void {
    this.#meter?.charge(units);
  }

  /** Charges one call of a host function. */
  chargeCall(): void {
    this.charge(unitsPerCall);
  }

  /** Ends the run from inside a host call. */
  end(ending: GuestEnding): never {
    this.state.ending = ending;
    return this.trap();
  }

  /** Moves the monotonic clock to a time a guest waits for; it never goes back. */
  sleepUntil(timeNs: bigint): void {
    if (timeNs > this.monotonicNs) this.monotonicNs = BigInt.asUintN(63, timeNs);
  }
}

/** An error value of a WASI function: jco's glue hands `payload` to the guest as the `err` of a result. */
export class WasiP2Error extends Error {
  constructor(readonly payload: unknown) {
    super('a WASI function answered with an error');
  }
}
