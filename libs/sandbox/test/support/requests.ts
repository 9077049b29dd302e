import { defaultExecutionLimits, type ExecutionLimits, type ExecutionRequest } from '@tenon/contracts';

export function requestOf(input: unknown, limits: Partial<ExecutionLimits> = {}): ExecutionRequest {
  return {
    input: JSON.stringify(input),
    limits: { ...defaultExecutionLimits, ...limits },
    clockMs: 1_750_000_000_000,
    seed: '5e'.repeat(32),
  };
}
