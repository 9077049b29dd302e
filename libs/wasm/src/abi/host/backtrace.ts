import { types } from 'node:util';
import type { GuestFrame } from '@tenon/contracts';
import * as z from 'zod/mini';

/** Frames kept of a failed run. */
export const framesMax = 32;

/** What the build keeps so that a position in the rewritten code reads as a place in the upload. */
const debugSchema = z.object({
  modules: z.array(
    z.object({
      /** Name of the core module's part in the artifact. */
      part: z.string(),
      /** Function names by the upload's index, from its name section; thousands, so they are not checked one by one. */
      names: z.custom<Readonly<Record<string, string>>>((value) => typeof value === 'object' && value !== null),
      /** The first function that metering appended; the ones from there on stand for `originals` in order. */
      appendedFrom: z.int(),
      originals: z.array(z.int()),
    }),
  ),
});

export type DebugInfo = z.infer<typeof debugSchema>;

let parsedLast: { readonly text: string; readonly modules: DebugInfo['modules'] } | undefined;

/** Remembers the last one: a function that fails, fails again, and names take milliseconds to parse. */
function modulesOf(debug: string): DebugInfo['modules'] {
  if (parsedLast?.text !== debug) parsedLast = { text: debug, modules: debugSchema.parse(JSON.parse(debug)).modules };
  return parsedLast.modules;
}

/** The `Error` of the realm in which guests' traps are made; it decides how their stacks are written. */
const EngineError = Object.getPrototypeOf(WebAssembly.RuntimeError) as ErrorConstructor;

/** Runs something with stacks deep enough for a backtrace. Stacks are captured when an error is made. */
export function withDeepStacks<Result>(work: () => Result): Result {
  const before = EngineError.stackTraceLimit;
  EngineError.stackTraceLimit = framesMax;
  try {
    return work();
  } finally {
    EngineError.stackTraceLimit = before;
  }
}

/** The stack in V8's own words, whatever else in the process formats stacks: source maps, a test runner. */
function stackOf(error: Error): string {
  const before = EngineError.prepareStackTrace;
  EngineError.prepareStackTrace = (_error, sites) => sites.map(String).join('\n');
  try {
    return String(error.stack);
  } finally {
    EngineError.prepareStackTrace = before;
  }
}

/**
 * V8 writes a frame of WebAssembly as `wasm://wasm/m<ordinal>-<hash>:wasm-function[<index>]:0x<offset>`; the build has
 * named the modules by their places.
 */
const framePattern = /wasm:\/\/wasm\/m(\d+)-[0-9a-f]+:wasm-function\[(\d+)\]:0x[0-9a-f]+\)?$/;

interface RawFrame {
  readonly module: number;
  readonly index: number;
}

/** Frames of the rewritten modules, innermost first. They carry no names of functions, so none can be forged. */
function rawFrames(stack: string): RawFrame[] {
  return stack.split('\n', framesMax * 4).flatMap((line) => {
    const [, module, index] = framePattern.exec(line) ?? [];
    return index === undefined ? [] : [{ module: Number(module), index: Number(index) }];
  });
}

/**
 * Maps a frame back to the upload. What metering appended beyond the bodies of functions are helpers of its own, which
 * no author knows; and of a body and the thin wrapper that metering left at its index, only the body shows.
 */
function guestFrame(
  frame: RawFrame,
  before: RawFrame | undefined,
  modules: DebugInfo['modules'],
): GuestFrame | undefined {
  const module = modules[frame.module];
  if (module === undefined) return undefined;
  const { appendedFrom, originals, names } = module;
  const original = (index: number): number | undefined =>
    index < appendedFrom ? index : originals[index - appendedFrom];
  const functionIndex = original(frame.index);
  if (functionIndex === undefined) return undefined;
  const isWrapper =
    frame.index < appendedFrom &&
    before?.module === frame.module &&
    before.index >= appendedFrom &&
    original(before.index) === functionIndex;
  if (isWrapper) return undefined;
  const functionName = Object.hasOwn(names, functionIndex) ? names[String(functionIndex)] : undefined;
  return functionName === undefined ? { functionIndex } : { functionIndex, functionName };
}

/**
 * The guest's frames in an error's stack, innermost first. Indices are those of the upload; in a component, of the core
 * module that the function lies in.
 *
 * @param debug the debug part of the artifact.
 */
export function backtraceOf(error: unknown, debug: string | undefined): readonly GuestFrame[] {
  if (!types.isNativeError(error) || debug === undefined) return [];
  const frames = rawFrames(stackOf(error));
  if (frames.length === 0) return [];
  const modules = modulesOf(debug);
  const mapped = frames.map((frame, i) => guestFrame(frame, frames[i - 1], modules));
  return mapped.filter((frame) => frame !== undefined).slice(0, framesMax);
}
