/**
 * Runs a module plain and metered and says how they differ. Engine functions are passed in, so that the tests use the
 * sources and the long fuzz of `bench/fuzz` what was built from them.
 */
export interface Engine {
  rewrite(bytes: Uint8Array, options?: { memoryBytesMax?: number }): { bytes: Uint8Array<ArrayBuffer> };
  inspect(bytes: Uint8Array): {
    imports: readonly { module: string; name: string; kind: string; type: string }[];
  };
  instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports, limits: object): WebAssembly.Instance;
  refill(instance: WebAssembly.Instance, fuel: bigint): void;
  used(instance: WebAssembly.Instance): { tripped: string; memoryBytesRefused: bigint };
  isWasmError(error: unknown): boolean;
}

export type Verdict =
  | { readonly kind: 'same'; readonly ran: boolean }
  | { readonly kind: 'refused' | 'limited' }
  | { readonly kind: 'different'; readonly plain: string; readonly metered: string };

const fuel = 200_000n;
const memoryBytesMax = 64_000_000;
const callsMax = 40;

interface Run {
  readonly compiled: string;
  readonly steps: readonly string[];
  readonly limited: boolean;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join()}]`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'function' || (typeof value === 'object' && value !== null)) return typeof value;
  return `${typeof value} ${String(value)}`;
}

/** Offsets, indices and messages of refusals differ once a module is rewritten; the class of the error does not. */
function showError(error: unknown): string {
  if (!(error instanceof Error)) return Object.prototype.toString.call(error);
  const exact = error.constructor.name === 'RuntimeError' || error.constructor.name === 'RangeError';
  return exact ? `${error.constructor.name}: ${error.message}` : error.constructor.name;
}

function importGlobal(type: string): WebAssembly.ImportValue {
  const number = /i32|f32|f64/.test(type) ? 0 : /i64/.test(type) ? 0n : undefined;
  if (!type.includes('(mut')) return (number ?? (type.includes('(ref ') ? {} : null)) as WebAssembly.ImportValue;
  const value = /i32|i64|f32|f64/.exec(type)?.[0] ?? (type.includes('func') ? 'anyfunc' : 'externref');
  return new WebAssembly.Global({ value: value as WebAssembly.ValueType, mutable: true }, number ?? null);
}

function makeImports(
  declared: ReturnType<Engine['inspect']>['imports'],
  log: (text: string) => void,
): WebAssembly.Imports {
  const imports: WebAssembly.Imports = {};
  for (const { module, name, kind, type } of declared) {
    imports[module] ??= {};
    const space = imports[module];
    if (kind === 'function') {
      space[name] = (...values: unknown[]): number => {
        log(`${name} ${show(values)}`);
        return 0;
      };
    } else if (kind === 'memory') space[name] = new WebAssembly.Memory({ initial: 1 });
    else if (kind === 'table') space[name] = new WebAssembly.Table({ element: 'anyfunc', initial: 100 });
    else if (kind === 'tag') space[name] = new WebAssembly.Tag({ parameters: ['i32'] });
    else space[name] = importGlobal(type);
  }
  return imports;
}

function attempt(steps: string[], label: string, act: () => unknown): void {
  try {
    steps.push(`${label} ${show(act())}`);
  } catch (error) {
    steps.push(`${label} ${showError(error)}`);
  }
}

function memoryDigest(memory: WebAssembly.Memory): string {
  const words = new Uint32Array(memory.buffer);
  let digest = words.length;
  for (const word of words) digest = (Math.imul(digest, 31) + word) | 0;
  return String(digest);
}

function callAll(instance: WebAssembly.Instance, steps: string[], before: () => void, goesOn: () => boolean): void {
  const names = Object.keys(instance.exports).filter((name) => !name.startsWith('$tenon'));
  for (const name of names.slice(0, callsMax)) {
    const value = instance.exports[name];
    if (typeof value === 'function') {
      const count = value.length;
      before();
      attempt(steps, name, () => value(...Array.from({ length: count }, () => 0)));
      if (steps.at(-1)?.endsWith('TypeError') === true) {
        attempt(steps, name, () => value(...Array.from({ length: count }, () => 0n)));
      }
      if (!goesOn()) return;
    }
  }
  for (const name of names) {
    const value = instance.exports[name];
    if (value instanceof WebAssembly.Memory) steps.push(`${name} ${memoryDigest(value)}`);
    else if (value instanceof WebAssembly.Global) attempt(steps, name, () => value.value);
  }
}

function runMetered(engine: Engine, bytes: Uint8Array, declared: ReturnType<Engine['inspect']>['imports']): Run {
  const steps: string[] = [];
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(engine.rewrite(bytes, { memoryBytesMax }).bytes);
  } catch (error) {
    return { compiled: showError(error), steps, limited: false };
  }
  let instance: WebAssembly.Instance;
  try {
    const imports = makeImports(declared, (text) => steps.push(text));
    instance = engine.instantiate(module, imports, { fuel, memoryBytesMax });
  } catch (error) {
    // A start function that ran out of fuel cannot be told apart here, so a trap in it counts as limited.
    return { compiled: 'ok', steps: [showError(error)], limited: error instanceof WebAssembly.RuntimeError };
  }
  const started = engine.used(instance);
  let limited = started.tripped !== 'none';
  const fits = (): boolean => {
    const use = engine.used(instance);
    limited ||= use.tripped !== 'none' || use.memoryBytesRefused > 0n;
    return !limited;
  };
  callAll(instance, steps, () => engine.refill(instance, fuel), fits);
  return { compiled: 'ok', steps, limited };
}

function runPlain(bytes: Uint8Array, declared: ReturnType<Engine['inspect']>['imports']): Run {
  const steps: string[] = [];
  try {
    const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
    const instance = new WebAssembly.Instance(
      module,
      makeImports(declared, (text) => steps.push(text)),
    );
    callAll(
      instance,
      steps,
      () => undefined,
      () => true,
    );
  } catch (error) {
    return { compiled: 'ok', steps: [showError(error)], limited: false };
  }
  return { compiled: 'ok', steps, limited: false };
}

/**
 * Compares one module with itself metered. The metered one runs first, under limits: what crosses them might never end
 * or not fit when it runs plain, and is reported as `limited`.
 */
export function compare(engine: Engine, bytes: Uint8Array): Verdict {
  const valid = WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>);
  let declared: ReturnType<Engine['inspect']>['imports'];
  try {
    declared = engine.inspect(bytes).imports;
  } catch (error) {
    if (!engine.isWasmError(error)) return { kind: 'different', plain: 'a typed error', metered: String(error) };
    return { kind: 'refused' };
  }
  const metered = runMetered(engine, bytes, declared);
  if (!valid || metered.compiled !== 'ok') {
    const agrees = !valid && (metered.compiled === 'CompileError' || metered.compiled === 'WasmError');
    if (agrees || (valid && metered.compiled === 'WasmError')) return { kind: 'refused' };
    return { kind: 'different', plain: valid ? 'valid' : 'invalid', metered: metered.compiled };
  }
  if (metered.limited) return { kind: 'limited' };
  const plain = runPlain(bytes, declared);
  if (plain.steps.join('\n') === metered.steps.join('\n')) return { kind: 'same', ran: plain.steps.length > 1 };
  const at = plain.steps.findIndex((step, index) => step !== metered.steps[index]);
  return { kind: 'different', plain: plain.steps[at] ?? 'nothing', metered: metered.steps[at] ?? 'nothing' };
}

/** Changes up to eight bytes of a module, at places and to values that `random` gives (in 0 to 1). */
export function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = bytes.slice();
  // Mostly one or two: with more, hardly any mutant is still valid.
  const changes = 1 + Math.floor(random() ** 3 * 8);
  for (let change = 0; change < changes; change++) {
    const at = 8 + Math.floor(random() * (copy.length - 8));
    copy[at] = random() < 0.5 ? Math.floor(random() * 256) : ((copy[at] ?? 0) + 1) & 0xff;
  }
  return copy;
}

/** A small generator with a seed, so that every failure can be run again (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
