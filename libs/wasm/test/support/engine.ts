import { parse } from '@bytecodealliance/jco';
import { inspect, instantiate, type RewriteOptions, refill, rewrite, type Usage, used, WasmError } from '@tenon/wasm';
import type { Engine } from './differential.js';

/** The engine as the differential comparison takes it. */
export const engine: Engine = {
  inspect,
  rewrite,
  instantiate,
  refill,
  used,
  isWasmError: (error) => error instanceof WasmError,
};

export interface Outcome {
  readonly value: unknown;
  /** Name and message of what was thrown. */
  readonly error: string | undefined;
  readonly usage: Usage;
}

export type Call = (name: string, args?: readonly unknown[], fuel?: number) => Outcome;

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : Object.prototype.toString.call(error);
}

/** Assembles, meters and instantiates a module. @returns a function that runs an export with fuel of its own. */
export async function meter(
  text: string,
  imports: WebAssembly.Imports = {},
  options: RewriteOptions = {},
): Promise<{ readonly instance: WebAssembly.Instance; readonly call: Call }> {
  const module = new WebAssembly.Module(rewrite(await parse(text), options).bytes);
  const instance = instantiate(module, imports);
  const call: Call = (name, args = [], fuel = 1_000_000_000) => {
    refill(instance, fuel);
    const run = instance.exports[name];
    if (typeof run !== 'function') throw new TypeError(`no export ${name}`);
    try {
      return { value: run(...args), error: undefined, usage: used(instance) };
    } catch (error) {
      return { value: undefined, error: describe(error), usage: used(instance) };
    }
  };
  return { instance, call };
}

/** The error that a module is refused with; fails when it is not refused or with another kind of error. */
export function refusal(act: () => unknown): WasmError {
  try {
    act();
  } catch (error) {
    if (error instanceof WasmError) return error;
    throw error;
  }
  throw new Error('the module was accepted');
}
