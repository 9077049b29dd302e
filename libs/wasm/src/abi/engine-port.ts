import type { ExecutionLimits } from '@tenon/contracts';
import { counterExport, counterModule, sliceInstructions } from '../rewrite/counters.js';
import { type Counters, createCounters, findCounters, type InstanceLimits } from '../runtime/instantiate.js';
import { trapUncatchable } from '../runtime/trap-uncatchable.js';
import { EngineFault } from './engine-fault.js';
import { type EngineUsage, noUsage } from './engine-usage.js';

const slice = BigInt(sliceInstructions);

function instanceLimits(limits: ExecutionLimits): InstanceLimits {
  return { fuel: limits.instructionsMax, memoryBytesMax: limits.memoryBytesMax, stackBytesMax: limits.stackBytesMax };
}

function usageOf(counters: Counters): EngineUsage {
  const { instructions, fuel, memoryBytes, memoryBytesRefused, tripped } = counters.used();
  return {
    instructionsUsed: Number(instructions),
    fuelUsed: Number(fuel),
    memoryBytesPeak: Number(memoryBytes),
    memoryBytesRefused: memoryBytesRefused > 0n ? Number(memoryBytes + memoryBytesRefused) : 0,
    tripped: tripped === 'instruction_limit' || tripped === 'stack_overflow' ? tripped : 'none',
  };
}

/** Work of host calls that may be done before it is charged; about as many nanoseconds. */
const owedMax = 4_096;

/** Puts what host calls do for a guest on the guest's own account. */
export class HostMeter {
  readonly #counters: Counters;
  readonly #trap: () => never;
  #owed = 0;

  /** @param trap ends the guest; a component's glue lets only traps of its own realm pass. */
  constructor(counters: Counters, trap: () => never = trapUncatchable) {
    this.#counters = counters;
    this.#trap = trap;
  }

  /**
   * Charges work of the host's against the guest's limit; it counts as `fuel` and not as instructions, like a bulk
   * operation. Ends the guest when the limit is reached, at the latest {@link owedMax} units later: writing the counters
   * takes longer than most calls.
   */
  charge(units: number): void {
    this.#owed += units;
    if (this.#owed >= owedMax && this.settle()) this.#trap();
  }

  /** Writes down what is owed. @returns true when that is more than the limit allows, which the counters say then. */
  settle(): boolean {
    if (this.#owed === 0) return false;
    const { fuel, reserve, bulk } = this.#counters.globals;
    const amount = BigInt(this.#owed);
    this.#owed = 0;
    const left = (reserve.value as bigint) + (fuel.value as bigint) - amount;
    bulk.value = (bulk.value as bigint) + amount;
    // The reserve holds whole slices; below zero it says that the limit was reached.
    // Below zero all but 1 of it is fuel, so that the guest's next question ends it, whoever swallows this end.
    const rest = left < 0n ? left + 1n : left % slice;
    fuel.value = rest;
    reserve.value = left - rest;
    return left < 0n;
  }

  /**
   * Counts memory that the host holds for the guest, if the guest's limit allows it.
   *
   * @returns bytes of all memory with it; above the limit, nothing has been counted.
   */
  reserve(bytes: number): number {
    const { memory, memoryMax } = this.#counters.globals;
    const total = (memory.value as bigint) + BigInt(bytes);
    if (total <= (memoryMax.value as bigint)) memory.value = total;
    return Number(total);
  }
}

function runStart(instance: WebAssembly.Instance): void {
  const start = instance.exports[counterExport('start')];
  if (typeof start === 'function') start();
}

/** One metered instance of a core module, from before its start function to the last count. */
export class EngineSession {
  #counters: Counters | undefined;
  #meter: HostMeter | undefined;

  constructor(
    readonly module: WebAssembly.Module,
    readonly limits: ExecutionLimits,
    readonly memoryBytesInitial: number,
  ) {}

  /** Instantiates, lets `attach` see the instance, then runs the start function. @throws what the guest throws. */
  start(
    imports: WebAssembly.Imports,
    attach: (instance: WebAssembly.Instance, meter: HostMeter) => void,
  ): WebAssembly.Instance {
    const instance = new WebAssembly.Instance(this.module, imports);
    const counters = findCounters(instance);
    if (counters === undefined) throw new EngineFault('the module of the artifact is not metered');
    this.#counters = counters;
    counters.open(instanceLimits(this.limits));
    this.#meter = new HostMeter(counters);
    attach(instance, this.#meter);
    runStart(instance);
    return instance;
  }

  /** The counters as they stand; when making the instance failed, nothing ran, but its memories had been made. */
  usage(): EngineUsage {
    if (this.#counters === undefined) return { ...noUsage, memoryBytesPeak: this.memoryBytesInitial };
    this.#meter?.settle();
    return usageOf(this.#counters);
  }
}

/**
 * The core modules of one component: they share one budget of instructions, one stack and one budget of memory. One
 * session serves one run after another, because making the counters costs more than setting them back; instances of
 * earlier runs share them, but nothing can call those any more.
 */
export class ComponentSession {
  readonly #counters = createCounters();
  readonly meter: HostMeter;
  readonly #shared = { [counterModule]: this.#counters.globals };

  /** @param trap ends the guest, in the realm of its glue. */
  constructor(trap: () => never) {
    this.meter = new HostMeter(this.#counters, trap);
  }

  begin(limits: ExecutionLimits): void {
    // What an earlier run still owed is none of this one's.
    this.meter.settle();
    this.#counters.globals.memory.value = 0n;
    this.#counters.refill(instanceLimits(limits));
  }

  /** What jco's glue calls for each core module. @throws what a start function throws. */
  instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports = {}): WebAssembly.Instance {
    const instance = new WebAssembly.Instance(module, { ...imports, ...this.#shared });
    runStart(instance);
    return instance;
  }

  usage(): EngineUsage {
    this.meter.settle();
    return usageOf(this.#counters);
  }
}
