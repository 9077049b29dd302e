import type { ExecutionRequest } from '@tenon/contracts';
import type { CompiledArtifact } from '../artifact/compile-artifact.js';
import { counterModule } from '../rewrite/counters.js';
import { type MemoryPages, type MemoryShelf, memoryImport } from '../runtime/memory-shelf.js';
import type { CoreHost, Guest, GuestRunResult } from './abi.js';
import { conclude, type RunEnd, refusedBeforeStart } from './conclude.js';
import { coreAbi } from './core-abis.js';
import { EngineSession } from './engine-port.js';
import { withDeepStacks } from './host/backtrace.js';
import { RunState } from './host/run-state.js';

let lastOwner = 0;

/** A core module in one thread: host functions made once, a fresh instance for every run. */
export class CoreGuest implements Guest {
  readonly #host: CoreHost;
  readonly #imports: WebAssembly.Imports;
  readonly #module: WebAssembly.Module;
  readonly #entry: string;
  readonly #debug: string | undefined;
  readonly #memoryBytesInitial: number;
  readonly #memory: MemoryPages | undefined;
  readonly #shelf: MemoryShelf;
  readonly #owner: string;
  /** What is imported beside the ABI's functions; the memory in it is that of the run. */
  readonly #supplied: Record<string, WebAssembly.ImportValue> = {};

  /** @throws Error when the artifact holds no core module. */
  constructor(compiled: CompiledArtifact, shelf: MemoryShelf) {
    const first = compiled.modules[0];
    if (first === undefined) throw new Error('the artifact holds no core module');
    this.#module = first.module;
    this.#entry = compiled.entry;
    this.#debug = compiled.debug;
    this.#memoryBytesInitial = first.memoryBytesInitial;
    this.#host = coreAbi(compiled.abi).createHost();
    this.#memory = first.memory;
    this.#shelf = shelf;
    lastOwner += 1;
    this.#owner = `${lastOwner}`;
    this.#imports = { ...wantedImports(first.module, this.#host), [counterModule]: this.#supplied };
  }

  run(request: ExecutionRequest, tenant = ''): GuestRunResult {
    const state = new RunState(request);
    const refused = refusedBeforeStart(state, this.#memoryBytesInitial);
    if (refused !== undefined) return refused;
    const session = new EngineSession(this.#module, request.limits, this.#memoryBytesInitial);
    this.#host.begin(state);
    const end = withDeepStacks(() => this.#withMemory(tenant, () => this.#attempt(session)));
    return conclude({ state, usage: session.usage(), debug: this.#debug, ...end });
  }

  /** However the run ends, its memory goes back; the host reads nothing of it any more by then. */
  #withMemory(tenant: string, attempt: () => RunEnd): RunEnd {
    if (this.#memory === undefined) return attempt();
    const owner = `${this.#owner} ${tenant}`;
    let memory: WebAssembly.Memory;
    try {
      memory = this.#shelf.take(owner, this.#memory);
    } catch (error) {
      return { thrown: { error } };
    }
    this.#supplied[memoryImport] = memory;
    const end = attempt();
    this.#shelf.give(owner, memory, this.#memory);
    return end;
  }

  #attempt(session: EngineSession): RunEnd {
    try {
      const instance = session.start(this.#imports, (fresh, meter) => this.#host.attach(fresh, meter));
      return { answer: this.#host.call(instance, this.#entry) };
    } catch (error) {
      return { thrown: { error } };
    }
  }
}

/** Only what the module asks for: linking walks the imports, and an ABI offers more than most guests use. */
function wantedImports(module: WebAssembly.Module, host: CoreHost): WebAssembly.Imports {
  const imports: WebAssembly.Imports = {};
  for (const wanted of WebAssembly.Module.imports(module)) {
    const offered = host.functions[wanted.module]?.[wanted.name];
    if (offered === undefined) continue;
    const group = imports[wanted.module] ?? {};
    group[wanted.name] = offered;
    imports[wanted.module] = group;
  }
  return imports;
}
