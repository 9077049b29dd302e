import type { Abi, BuildRejection, ExecutionRequest, ExecutionResult } from '@tenon/contracts';
import type { HostMeter } from './engine-port.js';
import type { RunState } from './host/run-state.js';

/** An import or export of a core module, with the core type of functions written as in `wasi/signatures.ts`. */
export interface CoreExtern {
  readonly name: string;
  readonly kind: string;
  /** Parameters, a colon, results: `i` i32, `I` i64, `f` f32, `F` f64, `v` v128, `r` any reference. Functions only. */
  readonly signature?: string | undefined;
  /** True for a 64-bit memory. */
  readonly memory64?: boolean | undefined;
}

export interface CoreImport extends CoreExtern {
  readonly module: string;
}

/** What an ABI looks at to decide whether an upload is its own. */
export interface CoreFace {
  readonly imports: readonly CoreImport[];
  readonly exports: readonly CoreExtern[];
}

/** Whether an upload speaks an ABI. `claimed` is true when it clearly means to, so that its mistakes can be named. */
export type AbiVerdict =
  | { readonly fits: true; readonly reason: string; readonly entry: string }
  | { readonly fits: false; readonly claimed: boolean; readonly rejection: BuildRejection };

/** How an ABI's functions end when neither a trap nor the host stopped them. */
export type AbiAnswer =
  | { readonly kind: 'output' }
  | { readonly kind: 'guest_error'; readonly error: string; readonly exitCode?: number }
  | { readonly kind: 'exit_code'; readonly exitCode: number };

/** The host side of one ABI in one thread: made once, used for one run after another. */
export interface CoreHost {
  /** The functions that the ABI offers, by module and name. */
  readonly functions: Readonly<Record<string, Readonly<Record<string, (...values: never[]) => unknown>>>>;
  /** Starts a run on a clean slate. */
  begin(state: RunState): void;
  /** Gives the host functions the memory and the account of the fresh instance, before any of the guest's code runs. */
  attach(instance: WebAssembly.Instance, meter: HostMeter): void;
  /** Calls the guest. @throws what the guest's code throws. */
  call(instance: WebAssembly.Instance, entry: string): AbiAnswer;
}

/** One ABI for core modules: what decides for it, and the host side that serves it. */
export interface CoreAbi {
  readonly name: Exclude<Abi, 'component'>;
  match(face: CoreFace): AbiVerdict;
  createHost(): CoreHost;
}

/** What a guest did: an `ExecutionResult` without the times, which whoever owns the thread measures. */
export type GuestRunResult = Omit<ExecutionResult, 'cpuUs' | 'wallUs'>;

/** A loaded function in one thread. */
export interface Guest {
  /** Runs once in a fresh instance. Synchronous: a guest that never ends is ended by its instruction limit.
   *
   * @param tenant for whom it runs: what one tenant's run leaves on the thread's shelf of memories is no other's.
   */
  run(request: ExecutionRequest, tenant?: string): GuestRunResult;
}
