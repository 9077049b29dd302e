import type { ExecutionLimits } from './limits.js';
import type { Outcome } from './outcomes.js';

/** Everything that decides what a run does, so that the same request gives the same result anywhere. */
export interface ExecutionRequest {
  /** The input as UTF-8 JSON text. */
  readonly input: string;
  readonly limits: ExecutionLimits;
  /** The guest's clock stands still at this time (milliseconds since 1970, UTC). */
  readonly clockMs: number;
  /** Seeds the guest's random source: 32 bytes as 64 hexadecimal characters. */
  readonly seed: string;
  /** Settings of the function by name; an Extism plug-in reads them with `config_get`. */
  readonly config?: Readonly<Record<string, string>>;
}

/** One frame of a guest's call stack, innermost first. */
export interface GuestFrame {
  readonly functionIndex: number;
  /** From the module's name section; absent where the module ships none. */
  readonly functionName?: string;
}

/** Which limit ended a run, and by how much. */
export interface LimitReached {
  readonly name: keyof ExecutionLimits;
  readonly max: number;
  /** What was asked for or used; absent where it can't be known, as for a loop that would never end. */
  readonly actual?: number;
}

/** What a run did: a plain value that crosses pipes and threads as it is. */
export interface ExecutionResult {
  readonly outcome: Outcome;
  /** One sentence for a person: what happened, and where to look. */
  readonly message: string;
  /** The output as UTF-8 JSON text; only with `succeeded`. */
  readonly output?: string;
  /** What the guest wrote to its log, cut at `logBytesMax`. */
  readonly log: string;
  /** Log bytes that were dropped after the limit. */
  readonly logBytesDropped: number;
  /** Operators executed, by Wasmtime's fuel rule. */
  readonly instructionsUsed: number;
  /** What was charged against `instructionsMax`: instructions and the cost of bulk operations. */
  readonly fuelUsed: number;
  /** The largest size of all memories and tables together. */
  readonly memoryBytesPeak: number;
  /** CPU time of the guest's thread during the run, in microseconds. */
  readonly cpuUs: number;
  /** Wall-clock time of the run inside the sandbox, in microseconds. */
  readonly wallUs: number;
  readonly limit?: LimitReached;
  readonly exitCode?: number;
  /** The error value that the guest returned by its ABI. */
  readonly guestError?: string;
  readonly backtrace?: readonly GuestFrame[];
}

/** The result of a run of which nothing was measured: it never began, or its thread died with its counters. */
export function unmeasuredResult(outcome: Outcome, message: string): ExecutionResult {
  return {
    outcome,
    message,
    log: '',
    logBytesDropped: 0,
    instructionsUsed: 0,
    fuelUsed: 0,
    memoryBytesPeak: 0,
    cpuUs: 0,
    wallUs: 0,
  };
}
