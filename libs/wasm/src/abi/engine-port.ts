import type { ExecutionLimits } from '@tenon/contracts';
import { counterExport, counterModule } from '../rewrite/counters.js';
import { type Counters, countersOf, createCounters, type InstanceLimits } from '../runtime/instantiate.js';
import { type EngineUsage, noUsage } from './engine-usage.js';

function instanceLimits(limits: ExecutionLimits): InstanceLimits {
  return { fuel: limits.instructionsMax, memoryBytesMax: limits.memoryBytesMax, stackBytesMax: limits.stackBytesMax };
}

function usageOf(counters: Counters | undefined): EngineUsage {
  if (counters === undefined) return noUsage;
  const { instructions, fuel, memoryBytes, memoryBytesRefused, tripped } = counters.used();
  return {
    instructionsUsed: Number(instructions),
    fuelUsed: Number(fuel),
    memoryBytesPeak: Number(memoryBytes),
    memoryBytesRefused: memoryBytesRefused > 0n ? Number(memoryBytes + memoryBytesRefused) : 0,
    tripped: tripped === 'instruction_limit' || tripped === 'stack_overflow' ? tripped : 'none',
  };
}

function runStart(instance: WebAssembly.Instance): void {
  const start = instance.exports[counterExport('start')];
  if (typeof start === 'function') start();
}

/** One metered instance of a core module, from before its start function to the last count. */
export class EngineSession {
  #counters: Counters | undefined;

  constructor(
    readonly module: WebAssembly.Module,
    readonly limits: ExecutionLimits,
  ) {}

  /** Instantiates, lets `attach` see the instance, then runs the start function. @throws what the guest throws. */
  start(imports: WebAssembly.Imports, attach: (instance: WebAssembly.Instance) => void): WebAssembly.Instance {
    const instance = new WebAssembly.Instance(this.module, imports);
    this.#counters = countersOf(instance);
    this.#counters.refill(instanceLimits(this.limits));
    attach(instance);
    runStart(instance);
    return instance;
  }

  /** The counters as they stand; zeros when there never was an instance. */
  usage(): EngineUsage {
    return usageOf(this.#counters);
  }
}

/** The core modules of one component: they share one budget of instructions, one stack and one budget of memory. */
export class ComponentSession {
  readonly #counters: Counters;

  constructor(limits: ExecutionLimits) {
    this.#counters = createCounters(instanceLimits(limits));
  }

  /** Counts memory that a new instance starts with. @returns bytes of all memories and tables so far. */
  reserve(bytes: number): number {
    const { memory } = this.#counters.globals;
    const total = BigInt(memory.value as bigint) + BigInt(bytes);
    memory.value = total;
    return Number(total);
  }

  /** What jco's glue calls for each core module. @throws what a start function throws. */
  instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports = {}): WebAssembly.Instance {
    const instance = new WebAssembly.Instance(module, { ...imports, [counterModule]: this.#counters.globals });
    runStart(instance);
    return instance;
  }

  usage(): EngineUsage {
    return usageOf(this.#counters);
  }
}
