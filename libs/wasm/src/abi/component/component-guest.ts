import { types } from 'node:util';
import type { ExecutionRequest } from '@tenon/contracts';
import type { CompiledArtifact, CompiledCore } from '../../artifact/compile-artifact.js';
import type { AbiAnswer, Guest, GuestRunResult } from '../abi.js';
import { conclude, type RunEnd, refusedBeforeStart } from '../conclude.js';
import { EngineFault } from '../engine-fault.js';
import { ComponentSession } from '../engine-port.js';
import { withDeepStacks } from '../host/backtrace.js';
import { RunState } from '../host/run-state.js';
import { type ComponentRealm, createComponentRealm } from './component-realm.js';
import { type ComponentEntry, componentEntrySchema } from './component-types.js';
import { GuardedImports } from './guarded-imports.js';
import { argumentsFrom, InputMismatch, jsonFrom } from './json-values.js';
import { LiftBudget } from './lift-budget.js';
import { wasiP2Interfaces } from './wasi-p2/wasi-p2.js';
import { WasiP2Host } from './wasi-p2/wasi-p2-host.js';

type Callable = (...values: unknown[]) => unknown;

/** Finds the entry in what the glue returned, by own properties only: names of exports are the tenant's choice. */
function exportAt(exports: unknown, path: readonly string[]): Callable {
  let found: unknown = exports;
  for (const step of path) {
    const holder = found as object;
    found = Object.hasOwn(holder, step) ? (holder as Record<string, unknown>)[step] : undefined;
  }
  if (typeof found !== 'function') throw new EngineFault(`the component lost its export ${path.join('.')}`);
  return found as Callable;
}

/** The result of a component goes through the same sink as what a command writes, so that one limit serves both. */
function writeOutput(state: RunState, text: string): void {
  const { outputBytesMax } = state.request.limits;
  const bytes = Buffer.byteLength(text);
  if (bytes > outputBytesMax) state.ending = { kind: 'output_too_large', bytes };
  else state.output.write(new TextEncoder().encode(text));
}

/** The types say "number" for all numbers; how large one may be only the glue knows, which refuses it in these words. */
function unfitNumber(error: unknown): string | undefined {
  if (!types.isNativeError(error) || error.name !== 'TypeError') return undefined;
  const [, type, value] = /^invalid ([su](?:8|16|32|64)|f32|f64) value \[(.{1,40})\]$/.exec(error.message) ?? [];
  return type === undefined ? undefined : `${value} is not a number of type ${type}`;
}

function errorText(error: unknown): string {
  try {
    return jsonFrom(error);
  } catch {
    return String(error);
  }
}

/** A component in one thread: its glue evaluated once, all core instances fresh for every run. */
export class ComponentGuest implements Guest {
  readonly #realm: ComponentRealm;
  readonly #host: WasiP2Host;
  readonly #lifted: LiftBudget;
  readonly #guard: GuardedImports;
  readonly #session: ComponentSession;
  readonly #imports: Readonly<Record<string, unknown>>;
  readonly #cores: ReadonlyMap<string, CompiledCore>;
  readonly #entry: ComponentEntry;
  readonly #debug: string | undefined;
  readonly #memoryBytesInitial: number;
  readonly #initialBytes: ReadonlyMap<WebAssembly.Module, number>;

  /** @throws Error when the artifact is not that of a component. */
  constructor(compiled: CompiledArtifact) {
    if (compiled.glue === undefined) throw new Error('the artifact holds no glue');
    this.#entry = componentEntrySchema.parse(compiled.details?.entry);
    this.#cores = new Map(compiled.modules.map((core) => [core.name, core]));
    this.#initialBytes = new Map(compiled.modules.map((core) => [core.module, core.memoryBytesInitial]));
    this.#debug = compiled.debug;
    this.#memoryBytesInitial = compiled.modules.reduce((sum, core) => sum + core.memoryBytesInitial, 0);
    this.#realm = createComponentRealm(compiled.glue, (values, bytes) => this.#lifted.lift(values, bytes));
    this.#session = new ComponentSession(this.#realm.trap);
    this.#host = new WasiP2Host(this.#realm.trap);
    this.#lifted = new LiftBudget(this.#host);
    this.#guard = new GuardedImports(this.#realm.trap, this.#lifted);
    this.#host.standardStreamsCarryJson = this.#entry.style === 'command';
    this.#imports = wasiP2Interfaces(this.#host);
  }

  run(request: ExecutionRequest): GuestRunResult {
    const state = new RunState(request);
    const refused = refusedBeforeStart(state, this.#memoryBytesInitial);
    if (refused !== undefined) return refused;
    this.#session.begin(request.limits);
    this.#host.begin(state, this.#session.meter);
    this.#guard.begin();
    const end = withDeepStacks(() => this.#attempt(state));
    return conclude({ state, usage: this.#session.usage(), debug: this.#debug, fromGlue: true, ...end });
  }

  #attempt(state: RunState): RunEnd {
    try {
      const answer = this.#call(state);
      return this.#guard.stopped === undefined ? { answer } : { thrown: this.#guard.stopped };
    } catch (error) {
      return { thrown: this.#guard.stopped ?? { error } };
    }
  }

  #call(state: RunState): AbiAnswer {
    const input = this.#arguments(state);
    if (!Array.isArray(input)) return input;
    const exports = this.#realm.instantiate(
      (name) => this.#coreModule(name),
      this.#imports,
      (module, imports) => this.#instantiateCore(state, module, imports),
    );
    const entry = exportAt(exports, this.#entry.path);
    try {
      return this.#answer(state, entry(...input));
    } catch (error) {
      // The glue throws the error value of a result as it is; everything that is an Error is a trap or a fault.
      const unfit = this.#entry.style === 'typed' ? unfitNumber(error) : undefined;
      if (unfit !== undefined) {
        state.ending = { kind: 'invalid_input', why: unfit };
        return { kind: 'output' };
      }
      if (types.isNativeError(error) || error instanceof WebAssembly.Exception) throw error;
      return this.#errorAnswer(error);
    }
  }

  #arguments(state: RunState): unknown[] | AbiAnswer {
    if (this.#entry.style === 'command') return [];
    if (this.#entry.style === 'text') return [state.request.input];
    try {
      return argumentsFrom(JSON.parse(state.request.input), this.#entry);
    } catch (error) {
      const why = error instanceof InputMismatch ? error.message : 'the input is not JSON';
      state.ending = { kind: 'invalid_input', why };
      return { kind: 'output' };
    }
  }

  #answer(state: RunState, returned: unknown): AbiAnswer {
    if (this.#entry.style === 'command') return { kind: 'output' };
    try {
      writeOutput(state, this.#entry.style === 'text' ? String(returned) : jsonFrom(returned));
      return { kind: 'output' };
    } catch (error) {
      state.ending = { kind: 'invalid_output', why: `The output can't be written as JSON: ${String(error)}.` };
      return { kind: 'output' };
    }
  }

  #errorAnswer(error: unknown): AbiAnswer {
    if (this.#entry.style === 'command') return { kind: 'exit_code', exitCode: 1 };
    return { kind: 'guest_error', error: typeof error === 'string' ? error : errorText(error) };
  }

  /** Called by the glue for each core module; a component may make several instances of one. */
  #instantiateCore(
    state: RunState,
    module: WebAssembly.Module,
    imports: WebAssembly.Imports | undefined,
  ): WebAssembly.Instance {
    const bytes = this.#session.meter.reserve(this.#initialBytes.get(module) ?? 0);
    if (bytes > state.request.limits.memoryBytesMax) return this.#host.end({ kind: 'memory_limit', bytes });
    return this.#session.instantiate(module, this.#guard.around(imports));
  }

  #coreModule(name: string): WebAssembly.Module {
    const core = this.#cores.get(name);
    if (core === undefined) throw new EngineFault(`the artifact holds no core module ${name}`);
    return core.module;
  }
}
