import {
  type BuildResult,
  defaultExecutionLimits,
  type ExecutionLimits,
  type ExecutionRequest,
} from '@tenon/contracts';
import { build, compileArtifact, type Guest, type GuestRunResult, openArtifact, prepareGuest } from '@tenon/wasm';

export const zeroSeed = '00'.repeat(32);

export interface RequestOptions {
  readonly clockMs?: number;
  readonly seed?: string;
  readonly limits?: Partial<ExecutionLimits>;
}

export function request(input: string, options: RequestOptions = {}): ExecutionRequest {
  return {
    input,
    limits: { ...defaultExecutionLimits, ...options.limits },
    clockMs: options.clockMs ?? 1_700_000_000_000,
    seed: options.seed ?? zeroSeed,
  };
}

export async function ready(bytes: Uint8Array): Promise<Extract<BuildResult, { status: 'ready' }>> {
  const result = await build(bytes);
  if (result.status !== 'ready') throw new Error(`the build said ${JSON.stringify(result)}`);
  return result;
}

export async function guestOf(bytes: Uint8Array): Promise<Guest> {
  const { artifact } = await ready(bytes);
  return prepareGuest(compileArtifact(openArtifact(artifact)));
}

export async function runOnce(bytes: Uint8Array, input = '{}', options: RequestOptions = {}): Promise<GuestRunResult> {
  return (await guestOf(bytes)).run(request(input, options));
}
