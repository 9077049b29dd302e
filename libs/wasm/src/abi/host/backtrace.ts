import { types } from 'node:util';
import type { GuestFrame } from '@tenon/contracts';
import { z } from 'zod';

/** Frames kept of a failed run. */
export const framesMax = 32;

/** What the build keeps so that a position in the rewritten code reads as a place in the upload. */
const debugSchema = z.object({
  modules: z.array(
    z.object({
      /** Name of the core module's part in the artifact. */
      part: z.string(),
      /** Function names by the upload's index, from its name section. */
      names: z.record(z.string(), z.string()),
      /** The first function that metering appended; the ones from there on stand for `originals` in order. */
      appendedFrom: z.int(),
      originals: z.array(z.int()),
    }),
  ),
});

export type DebugInfo = z.infer<typeof debugSchema>;

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

/** V8 writes a frame of WebAssembly as `wasm://wasm/<hash>:wasm-function[<index>]:0x<offset>`. */
const framePattern = /wasm:\/\/wasm\/[^\n]*:wasm-function\[(\d+)\]:0x[0-9a-f]+\)?$/;

/** Function indices of the rewritten module, innermost first. Rewritten modules carry no names, so none can be forged. */
function indicesOf(stack: string): number[] {
  return stack.split('\n', framesMax * 4).flatMap((line) => {
    const index = framePattern.exec(line)?.[1];
    return index === undefined ? [] : [Number(index)];
  });
}

/** Maps frames back to the upload; the thin wrapper that metering leaves at an index shows only once with its body. */
function originalIndices(indices: readonly number[], module: DebugInfo['modules'][number]): number[] {
  const { appendedFrom, originals } = module;
  const mapped = indices.map((index) => (index < appendedFrom ? index : originals[index - appendedFrom]));
  return mapped.filter((index, i): index is number => {
    const isWrapper = index === indices[i];
    const bodyBefore = i > 0 && (indices[i - 1] ?? 0) >= appendedFrom && mapped[i - 1] === index;
    // What metering appended beyond the bodies are helpers of its own, which no author knows.
    return index !== undefined && !(isWrapper && bodyBefore);
  });
}

/**
 * The guest's frames in an error's stack, innermost first.
 *
 * @param debug the debug part of the artifact; without it frames carry indices of the rewritten module.
 */
export function backtraceOf(error: unknown, debug: string | undefined): readonly GuestFrame[] {
  if (!types.isNativeError(error)) return [];
  const module = debug === undefined ? undefined : debugSchema.parse(JSON.parse(debug)).modules[0];
  const indices = indicesOf(stackOf(error));
  const originals = module === undefined ? indices : originalIndices(indices, module);
  return originals.slice(0, framesMax).map((functionIndex) => {
    const functionName = module?.names[String(functionIndex)];
    return functionName === undefined ? { functionIndex } : { functionIndex, functionName };
  });
}
