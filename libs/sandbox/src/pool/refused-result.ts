import { type ExecutionResult, type Outcome, unmeasuredResult } from '@tenon/contracts';

/** A result for an execution that no guest code ran for. */
export function refusedResult(outcome: Outcome, message: string, limit?: ExecutionResult['limit']): ExecutionResult {
  return { ...unmeasuredResult(outcome, message), ...(limit && { limit }) };
}
