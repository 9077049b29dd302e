/** Stand-in until the engine's face is there. */
import type { ExecutionRequest, ExecutionResult } from '@tenon/contracts';

export type GuestRunResult = Omit<ExecutionResult, 'cpuUs' | 'wallUs'>;
export interface Guest {
  run(request: ExecutionRequest): GuestRunResult;
}
export interface CompiledArtifact {
  readonly abi: string;
  readonly modules: readonly { readonly module: WebAssembly.Module }[];
}
export interface Artifact {
  readonly manifest: { readonly abi: string };
  readonly parts: readonly Uint8Array[];
}
export function openArtifact(bytes: Uint8Array): Artifact {
  return { manifest: { abi: 'wasi-command' }, parts: [bytes] };
}
export function compileArtifact(a: Artifact): CompiledArtifact {
  return {
    abi: a.manifest.abi,
    modules: a.parts.map((p) => ({ module: new WebAssembly.Module(p as Uint8Array<ArrayBuffer>) })),
  };
}
export function prepareGuest(c: CompiledArtifact): Guest {
  return {
    run(request) {
      const instance = new WebAssembly.Instance(c.modules[0]?.module as WebAssembly.Module, {});
      const base = { log: '', logBytesDropped: 0, instructionsUsed: 1, fuelUsed: 1, memoryBytesPeak: 65536 };
      try {
        const value = (instance.exports['run'] as (n: number) => number)(request.input.length);
        return { outcome: 'succeeded', message: 'ok', output: String(value), ...base };
      } catch {
        return { outcome: 'trap', message: 'trapped', ...base };
      }
    },
  };
}
