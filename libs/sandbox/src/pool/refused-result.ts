import type { ExecutionResult, Outcome } from '@tenon/contracts';

/** A result for an execution that no guest code ran for. */
export function refusedResult(outcome: Outcome, message: string, limit?: ExecutionResult['limit']): ExecutionResult {
  return {
    outcome,
    message,
    log: '',
    logBytesDropped: 0,
    instructionsUsed: 0,
    fuelUsed: 0,
    memoryBytesPeak: 0,
    cpuUs: 0,
    wallUs: 0,
    ...(limit && { limit }),
  };
}
