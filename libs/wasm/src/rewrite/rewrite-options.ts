import type { ModuleLimits } from '../inspect/module-limits.js';

/** How a module is to be metered. */
export interface RewriteOptions {
  /**
   * `own`: the module defines its counters and exports them under `$tenon.`; the default. `imported`: it imports them
   * from `$tenon`, so that several modules share one budget of instructions, stack and memory.
   */
  readonly counters?: 'own' | 'imported';
  /** Bytes of all memories and tables together; written into the module as well, where that cannot break linking. */
  readonly memoryBytesMax?: number;
  /**
   * Fuel of an instance that nobody has refilled; rounded down to whole slices. Unlimited when left out. With 0 a host
   * that forgets to refill finds out at once.
   */
  readonly fuelInitial?: bigint;
  /** Bounds on the module itself. */
  readonly limits?: Partial<ModuleLimits>;
  /** `drop` leaves out all custom sections but the names. */
  readonly customSections?: 'keep' | 'drop';
  /**
   * What a call below the last byte of stack does. `native`: the engine's own overflow, as the standard's tests expect;
   * the default. `trap`: an ordinary trap, told apart by the counters. It spares the host some 50 ms, in which the
   * engine runs down all of its stack and nothing is charged.
   */
  readonly stackOverflow?: 'native' | 'trap';
}

/** What the host has to know about a rewritten module. */
export interface RewriteSummary {
  readonly counters: 'own' | 'imported';
  /** A start function was taken out of the module and is exported for `instantiate` to run. */
  readonly hasStart: boolean;
  /**
   * Bytes of the memories and tables that the module defines, and of the objects that its constant expressions make, as
   * counted against its budget when it starts.
   */
  readonly memoryBytesInitial: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly functionsDefined: number;
  /** Functions that got an entry of their own for callers from outside. */
  readonly functionsWrapped: number;
}

export interface RewrittenModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly summary: RewriteSummary;
}
