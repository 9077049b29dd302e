import { types } from 'node:util';

/** The part of jco's bindings generator that is used: a function from bytes to files, itself WebAssembly. */
interface Bindgen {
  readonly $init: Promise<void>;
  generate(
    component: Uint8Array,
    options: Readonly<Record<string, unknown>>,
  ): {
    readonly files: readonly (readonly [string, Uint8Array])[];
    readonly imports: readonly string[];
    readonly exports: readonly (readonly [string, 'function' | 'instance'])[];
  };
}

/** What the transpiler made of a component. */
export interface Transpiled {
  /** Core modules under the names that the glue asks for, in that order. */
  readonly coreModules: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly glue: string;
  /** TypeScript declarations by file name: the types of the component's functions. */
  readonly declarations: ReadonlyMap<string, string>;
  readonly imports: readonly string[];
  readonly exports: readonly string[];
}

export type TranspileResult =
  | { readonly status: 'ok'; readonly transpiled: Transpiled }
  | { readonly status: 'refused'; readonly message: string }
  /** The transpiler itself broke and can't be used again in this thread. */
  | { readonly status: 'broken'; readonly message: string };

/** Error values are thrown raw and sizes never inlined, so that run time stays simple; strict checks argument types. */
const options = {
  name: 'component',
  instantiation: { tag: 'sync' },
  noTypescript: false,
  noNodejsCompat: true,
  noComponentErrorWrapping: true,
  base64Cutoff: 0,
  tlaCompat: false,
  strict: true,
} as const;

const messageCharactersMax = 600;
let loading: Promise<Bindgen> | undefined;
let brokenBecause: string | undefined;

/** Loaded when the first component comes: it is 3.5 MB of WebAssembly that core modules never need. */
async function bindgen(): Promise<Bindgen> {
  loading ??= import('@bytecodealliance/jco-transpile/component').then(async (loaded: unknown) => {
    const ready = loaded as Bindgen;
    await ready.$init;
    return ready;
  });
  return loading;
}

/** jco throws an error value of its own for a component it can't take, and a trap when it panics. */
function isTrap(error: unknown): boolean {
  return types.isNativeError(error) && /^(RuntimeError|RangeError)$/.test(error.name);
}

function said(error: unknown): string {
  const message = types.isNativeError(error) ? error.message : String(error);
  return message
    .slice(0, messageCharactersMax)
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '\u{FFFD}');
}

/**
 * Turns a component into core modules and the JavaScript that joins them. Not bounded in time by itself: run it where
 * a hung or swollen thread can be ended.
 */
export async function transpile(component: Uint8Array): Promise<TranspileResult> {
  if (brokenBecause !== undefined) return { status: 'broken', message: brokenBecause };
  const { generate } = await bindgen();
  try {
    const { files, imports, exports } = generate(component, options);
    return { status: 'ok', transpiled: sorted(files, imports, exports) };
  } catch (error) {
    if (!isTrap(error)) return { status: 'refused', message: said(error) };
    brokenBecause = `The transpiler broke on an earlier component: ${said(error)}`;
    return { status: 'refused', message: `the transpiler broke on it: ${said(error)}` };
  }
}

function sorted(
  files: ReturnType<Bindgen['generate']>['files'],
  imports: readonly string[],
  exports: ReturnType<Bindgen['generate']>['exports'],
): Transpiled {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const texts = files.filter(([name]) => name.endsWith('.ts'));
  const glue = files.find(([name]) => name.endsWith('.js'));
  return {
    coreModules: files.filter(([name]) => name.endsWith('.wasm')).map(([name, bytes]) => ({ name, bytes })),
    glue: glue === undefined ? '' : decoder.decode(glue[1]),
    declarations: new Map(texts.map(([name, bytes]) => [name, decoder.decode(bytes)])),
    imports,
    exports: exports.map(([name]) => name),
  };
}
