import type { WasiP2Host } from './wasi-p2/wasi-p2-host.js';

/** What one value of a list costs the host to lift, about a nanosecond each unit: an object and its place in an array. */
const unitsPerValue = 20;

/** What a value takes in an array of JavaScript's at least, beside what it is. */
const bytesPerValue = 16;

/**
 * Bounds what the glue copies out of a guest's memory. The lists of a result can't be written in fewer bytes of JSON
 * than they have values, so the limit of the output bounds them; the arguments of a host call are paid for with fuel
 * and may take, while the call lasts, as much as the guest's memory may.
 */
export class LiftBudget {
  readonly #host: WasiP2Host;
  #values = 0;
  #bytes = 0;
  #callsOpen = 0;

  constructor(host: WasiP2Host) {
    this.#host = host;
  }

  begin(): void {
    this.#values = 0;
    this.#bytes = 0;
    this.#callsOpen = 0;
  }

  enterCall(): void {
    this.#callsOpen += 1;
  }

  /** What a call's arguments took is free again. */
  leaveCall(): void {
    this.#callsOpen -= 1;
    this.#values = 0;
    this.#bytes = 0;
  }

  /** Called by the glue before it lifts; ends the run when it is too much. */
  lift(values: number, bytes: number): void {
    // A length above 2^31 arrives negative here and as nothing at the copy.
    if (values <= 0) return;
    this.#values += values;
    this.#bytes += bytes === 0 ? values * bytesPerValue : bytes;
    if (this.#callsOpen > 0) this.#liftArgument(values, bytes);
    else this.#liftResult();
  }

  #liftResult(): void {
    const { outputBytesMax } = this.#host.state.request.limits;
    if (this.#values > outputBytesMax) this.#host.end({ kind: 'output_too_large', bytes: this.#values });
  }

  #liftArgument(values: number, bytes: number): void {
    const { memoryBytesMax } = this.#host.state.request.limits;
    if (this.#bytes > memoryBytesMax) this.#host.end({ kind: 'memory_limit', bytes: this.#bytes });
    this.#host.charge(bytes === 0 ? values * unitsPerValue : bytes >>> 3);
  }
}
