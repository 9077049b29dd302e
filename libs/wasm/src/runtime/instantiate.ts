import { WasmError } from '../binary/wasm-error.js';
import {
  type CounterName,
  counterExport,
  counterNames,
  limitCode,
  sliceInstructions,
  stackBytesDefault,
  unlimited,
} from '../rewrite/counters.js';
import { ExportedGlobals, hasCounters } from './exported-globals.js';

/** What one run may use. What is left out is not limited, except the stack. */
export interface InstanceLimits {
  /** Instructions plus what bulk operations cost by size. */
  readonly fuel?: bigint | number;
  /** Bytes of all memories and tables together. */
  readonly memoryBytesMax?: number;
  /** Logical bytes of stack; see `docs/limits.md`. Default 512,000. */
  readonly stackBytesMax?: number;
}

/** Which limit ended a run or refused memory. */
export type LimitTripped = 'none' | 'instruction_limit' | 'stack_overflow' | 'memory_limit';

/** What a run has used since its last `refill`. */
export interface Usage {
  /** Operators run, by Wasmtime's rule. */
  readonly instructions: bigint;
  /** What was charged against the limit: instructions plus `bulk`. */
  readonly fuel: bigint;
  /** Charged for bulk operations by the amount they moved. */
  readonly bulk: bigint;
  /** Bytes of memories and tables now, which is also their peak: neither ever shrinks. */
  readonly memoryBytes: bigint;
  /** Bytes of the last growth that was refused because of the limit; 0 when none was. */
  readonly memoryBytesRefused: bigint;
  /** The first of: the instruction limit, the stack, a refused growth of memory. */
  readonly tripped: LimitTripped;
}

/** The counters of one instance, or of several modules that share them. */
export class Counters {
  readonly globals: Readonly<Record<CounterName, WebAssembly.Global>>;
  private granted = 0n;

  constructor(globals: Readonly<Record<CounterName, WebAssembly.Global>>) {
    this.globals = globals;
  }

  /** Starts a new account: `limits` from now on, nothing used so far. Memory in use stays in use. */
  refill(limits: InstanceLimits): void {
    const { globals } = this;
    globals.bulk.value = 0n;
    globals.refused.value = 0n;
    globals.limit.value = limitCode.none;
    this.open(limits);
    globals.depth.value = globals.stack.value;
  }

  /** The first account of fresh counters, which say already that nothing has been used. */
  open(limits: InstanceLimits): void {
    const { globals } = this;
    this.granted = clampFuel(limits.fuel);
    const rest = this.granted & (slice - 1n);
    globals.fuel.value = rest;
    globals.reserve.value = this.granted - rest;
    if (limits.memoryBytesMax !== undefined) globals.memoryMax.value = BigInt(limits.memoryBytesMax);
    if (limits.stackBytesMax === undefined) return;
    globals.stack.value = limits.stackBytesMax;
    globals.depth.value = limits.stackBytesMax;
  }

  used(): Usage {
    const { globals } = this;
    const reserve = i64(globals.reserve);
    const left = reserve + i64(globals.fuel);
    const bulk = i64(globals.bulk);
    const charged = this.granted - left;
    const fuel = left < 0n ? this.granted : charged;
    // The charge that crossed the limit is in `bulk` as a whole, so it must be in what it is taken from as well.
    const instructions = charged - bulk;
    const memoryBytesRefused = i64(globals.refused);
    return {
      fuel,
      bulk,
      instructions: instructions < fuel ? instructions : fuel,
      memoryBytes: i64(globals.memory),
      memoryBytesRefused,
      tripped: tripped(globals.limit.value as number, reserve, memoryBytesRefused),
    };
  }
}

function i64(global: WebAssembly.Global): bigint {
  return global.value as bigint;
}

function clampFuel(fuel: bigint | number | undefined): bigint {
  if (fuel === undefined) return unlimited;
  const wanted = typeof fuel === 'bigint' ? fuel : BigInt(Math.trunc(Math.min(fuel, Number(unlimited))));
  if (wanted < 0n) return 0n;
  return wanted > unlimited ? unlimited : wanted;
}

function tripped(limit: number, reserve: bigint, refused: bigint): LimitTripped {
  if (limit === limitCode.stack) return 'stack_overflow';
  if (reserve < 0n) return 'instruction_limit';
  return refused > 0n ? 'memory_limit' : 'none';
}

const slice = BigInt(sliceInstructions);

const accounts = new WeakMap<WebAssembly.Instance, Counters>();

const startExport = counterExport('start');

/** The counters of an instance whose module was rewritten with counters of its own. */
export function countersOf(instance: WebAssembly.Instance): Counters {
  const known = accounts.get(instance);
  if (known !== undefined) return known;
  const counters = findCounters(instance);
  if (counters !== undefined) {
    accounts.set(instance, counters);
    return counters;
  }
  throw new WasmError('counters_missing', 'The instance has no counters of its own: its module was not rewritten.');
}

/** For who keeps the counters by itself: remembering them costs more than finding them. */
export function findCounters(instance: WebAssembly.Instance): Counters | undefined {
  const { exports } = instance;
  return hasCounters(exports) ? new Counters(new ExportedGlobals(exports)) : undefined;
}

/** Counters for modules that were rewritten with `counters: 'imported'`; pass them as the import module `$tenon`. */
export function createCounters(limits: InstanceLimits = {}): Counters {
  const globals: Partial<Record<CounterName, WebAssembly.Global>> = {};
  for (const name of counterNames) {
    const small = name === 'depth' || name === 'stack' || name === 'limit';
    globals[name] = small
      ? new WebAssembly.Global({ value: 'i32', mutable: true }, name === 'limit' ? 0 : stackBytesDefault)
      : new WebAssembly.Global({ value: 'i64', mutable: true }, name === 'memoryMax' ? unlimited : 0n);
  }
  const counters = new Counters(globals as Record<CounterName, WebAssembly.Global>);
  counters.refill(limits);
  return counters;
}

const failedStarts = new WeakMap<object, Usage>();

/**
 * What a start function had used when it failed, by what {@link instantiate} threw: the instance is lost, and a limit
 * looks like any trap.
 * @returns undefined for errors of other origin, and where the guest or a host function threw no object.
 */
export function usedAtStart(error: unknown): Usage | undefined {
  return typeof error === 'object' && error !== null ? failedStarts.get(error) : undefined;
}

/**
 * Makes an instance of a rewritten module and runs its start function under `limits`.
 * @throws what the engine throws for wrong imports, and what the start function throws, for which {@link usedAtStart}
 * knows the counters.
 * @throws WasmError `memory_limit` when the instance has more memory already than `limits` allow.
 */
export function instantiate(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports = {},
  limits: InstanceLimits = {},
): WebAssembly.Instance {
  const instance = new WebAssembly.Instance(module, imports);
  const counters = findCounters(instance);
  if (counters !== undefined) {
    // What was granted is known to nobody else: without this, nobody could say later what was used.
    accounts.set(instance, counters);
    counters.open(limits);
    // The module's own ceiling was held against its size when it was rewritten.
    if (limits.memoryBytesMax !== undefined) checkMemory(counters);
  }
  runStart(instance, counters);
  return instance;
}

function checkMemory({ globals }: Counters): void {
  const [found, allowed] = [i64(globals.memory), i64(globals.memoryMax)];
  if (found <= allowed) return;
  throw new WasmError('memory_limit', 'The instance starts with more memory than it may have.', {
    found: `${found} bytes`,
    allowed: `${allowed} bytes`,
  });
}

function runStart(instance: WebAssembly.Instance, counters: Counters | undefined): void {
  const start = instance.exports[startExport];
  if (typeof start !== 'function') return;
  try {
    start();
  } catch (error) {
    if (counters !== undefined && typeof error === 'object' && error !== null) failedStarts.set(error, counters.used());
    throw error;
  }
}

/** Gives an instance new fuel and sets what it has used back to nothing. Limits that are left out stay. */
export function refill(instance: WebAssembly.Instance, fuel: bigint | number): void {
  countersOf(instance).refill({ fuel });
}

/** What an instance has used since its last refill. */
export function used(instance: WebAssembly.Instance): Usage {
  return countersOf(instance).used();
}
