import { createContext, Script } from 'node:vm';

/** What jco's glue asks of a core module: the same call as `new WebAssembly.Instance`. */
export type InstantiateCore = (
  module: WebAssembly.Module,
  imports?: WebAssembly.Imports,
) => { readonly exports: WebAssembly.Exports };

/** The function that jco generates for `instantiation: 'sync'`. */
export type InstantiateComponent = (
  getCoreModule: (name: string) => WebAssembly.Module,
  imports: Readonly<Record<string, unknown>>,
  instantiateCore: InstantiateCore,
) => unknown;

export interface ComponentRealm {
  readonly instantiate: InstantiateComponent;
  /** Ends the running guest; see `trapUncatchable`. The trap belongs to the realm, so the glue passes it on too. */
  readonly trap: () => never;
}

/**
 * The function that glue calls before it takes a list or a text out of a guest's memory, with the number of values in
 * it and of bytes that are copied. No name that a tenant chooses becomes an identifier that starts with `$`.
 */
export const liftHook = '$lift';

/** Told how many values, and how many bytes of memory, are about to be lifted; it may end the run. */
export type OnLift = (values: number, bytes: number) => void;

/** `(module (func (export "trap") unreachable))` */
const trapModuleBytes = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 116, 114, 97, 112, 0, 0, 10, 5, 1, 3, 0, 0,
  11,
];

/**
 * Runs here are synchronous, so the realm has no JSPI. `promising` stays as a function that does nothing, because jco's
 * glue calls it in `try`: throwing there makes V8 parse the whole glue again to word the error, 10 ms in all. The glue
 * also compiles a tiny module of its own for every instance of the component; the realm remembers it, which saves 50 us.
 * An error of the thread's own realm must be an error to the glue too: it takes everything else that a host function
 * throws for the error value of a WIT result. Texts are announced before they are read out of a guest's memory.
 */
const preamble = `
  WebAssembly.promising = (wrapped) => wrapped;
  delete WebAssembly.Suspending;
  delete WebAssembly.SuspendError;
  delete WebAssembly.compile;
  delete WebAssembly.instantiate;
  delete WebAssembly.compileStreaming;
  delete WebAssembly.instantiateStreaming;
  Object.defineProperty(Error, Symbol.hasInstance, {
    value(value) {
      return this === Error ? Error.isError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
    },
  });
  const NativeDecoder = TextDecoder;
  TextDecoder = class {
    #decoder;
    #bytesPerUnit;
    constructor(encoding, options) {
      this.#decoder = new NativeDecoder(encoding, options);
      this.#bytesPerUnit = this.#decoder.encoding === 'utf-8' ? 1 : 2;
    }
    decode(bytes) {
      ${liftHook}(Math.trunc(bytes.length / this.#bytesPerUnit), bytes.length);
      return this.#decoder.decode(bytes);
    }
  };
  const NativeModule = WebAssembly.Module;
  const trap = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(${JSON.stringify(trapModuleBytes)})));
  const made = new Map();
  WebAssembly.Module = function (bytes) {
    const key = bytes.join();
    const module = made.get(key) ?? new NativeModule(bytes);
    if (made.size < 8) made.set(key, module);
    return module;
  };
  trap.exports.trap
`;

/**
 * Evaluates a component's glue in a realm of its own: an empty global object with the language's own intrinsics, a text
 * codec and nothing of Node. Strings can't become code there. It must still only be done in a thread that serves the
 * component's tenant alone, because a realm is a fence and not a wall.
 *
 * @param glue JavaScript that evaluates to jco's `instantiate`; made by `build`.
 * @param onLift what the glue tells before it copies something out of a guest's memory.
 */
export function createComponentRealm(glue: string, onLift: OnLift = () => undefined): ComponentRealm {
  // Jobs of the realm's own queue only run after a script: once `run` has returned, nothing of the guest runs any more.
  const silent = { error: () => undefined, log: () => undefined };
  const context = createContext(
    { TextDecoder, TextEncoder, console: silent, [liftHook]: onLift },
    { codeGeneration: { strings: false, wasm: true }, microtaskMode: 'afterEvaluate' },
  );
  const trap = new Script(preamble).runInContext(context) as () => never;
  const instantiate = new Script(glue, { filename: 'component-glue.js' }).runInContext(context) as InstantiateComponent;
  return { instantiate, trap };
}
