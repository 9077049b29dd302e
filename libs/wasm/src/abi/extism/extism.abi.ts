import type { BuildRejection } from '@tenon/contracts';
import type { AbiAnswer, AbiVerdict, CoreAbi, CoreExtern, CoreFace, CoreHost } from '../abi.js';
import { allowListRejection, printable } from '../abi-rejection.js';
import type { HostMeter } from '../engine-port.js';
import type { RunState } from '../host/run-state.js';
import { wasiSignatures } from '../wasi/signatures.js';
import { WasiHost } from '../wasi/wasi-host.js';
import { wasiFunctions, wasiModuleName } from '../wasi/wasi-imports.js';
import { extismFunctions } from './extism-functions.js';
import { ExtismHost } from './extism-host.js';
import { extismModuleName, extismSignatures } from './signatures.js';

const allowed = new Map([
  ...Object.entries(extismSignatures).map(([name, type]) => [`${extismModuleName}.${name}`, type] as const),
  ...Object.entries(wasiSignatures).map(([name, type]) => [`${wasiModuleName}.${name}`, type] as const),
]);

/** What language runtimes export for their own start; called before the function, or never. */
const initializers = ['_initialize', '__wasm_call_ctors'] as const;
const notEntries = new Set<string>([...initializers, '_start', 'hs_init', 'cabi_realloc', 'malloc', 'free']);

/** A plug-in's function takes nothing and returns its exit code, or nothing. */
function isEntry({ name, kind, signature }: CoreExtern): boolean {
  if (kind !== 'function' || notEntries.has(name) || name.startsWith('__')) return false;
  return signature === ':i' || signature === ':';
}

function entryRejection(entries: readonly CoreExtern[]): BuildRejection {
  const allowedEntry = 'a function run, or exactly one function, of type () -> (i32) or () -> ()';
  if (entries.length === 0) {
    return { code: 'missing_export', message: 'The plug-in exports no function to call.', allowed: allowedEntry };
  }
  return {
    code: 'ambiguous_export',
    message: 'The plug-in exports several functions, and none of them is called run.',
    found: entries
      .slice(0, 16)
      .map(({ name }) => printable(name))
      .join(', '),
    allowed: allowedEntry,
  };
}

function match(face: CoreFace): AbiVerdict {
  const claimed = face.imports.some(({ module }) => module.startsWith('extism:'));
  if (!claimed) {
    const message = 'The module imports nothing from extism:host/env, which an Extism plug-in does.';
    const rejection = { code: 'missing_import', message, allowed: 'imports from extism:host/env' };
    return { fits: false, claimed, rejection };
  }
  const unknown = allowListRejection('an Extism host', face.imports, allowed);
  if (unknown !== undefined) return { fits: false, claimed, rejection: unknown };
  const entries = face.exports.filter(isEntry);
  const entry = entries.find(({ name }) => name === 'run') ?? (entries.length === 1 ? entries[0] : undefined);
  if (entry === undefined) return { fits: false, claimed, rejection: entryRejection(entries) };
  const reason = `It imports extism:host/env; the function ${printable(entry.name)} is called.`;
  return { fits: true, reason, entry: entry.name };
}

class ExtismCoreHost implements CoreHost {
  readonly #host = new ExtismHost();
  readonly #wasi = new WasiHost(false);
  readonly functions = {
    [extismModuleName]: extismFunctions(this.#host),
    [wasiModuleName]: wasiFunctions(this.#wasi),
  };

  begin(state: RunState): void {
    this.#host.begin(state);
    this.#wasi.begin(state);
  }

  attach(instance: WebAssembly.Instance, meter: HostMeter): void {
    const memory = instance.exports.memory;
    this.#host.attach(meter);
    this.#wasi.attach(memory instanceof WebAssembly.Memory ? memory : undefined, meter);
  }

  call(instance: WebAssembly.Instance, entry: string): AbiAnswer {
    const { exports } = instance;
    const initialize = initializers.map((name) => exports[name]).find((value) => typeof value === 'function');
    if (initialize !== undefined) initialize();
    const run = exports[entry];
    if (typeof run !== 'function') throw new Error(`the module lost its export ${entry}`);
    const exitCode = run();
    return this.#host.answer(typeof exitCode === 'number' ? exitCode : 0);
  }
}

/** Extism plug-ins, as their development kits build them; no HTTP, no host functions of the embedder's. */
export const extismAbi: CoreAbi = {
  name: 'extism',
  match,
  createHost: () => new ExtismCoreHost(),
};
