import type { ExecutionSummaryAnswer } from '@tenon/contracts';
import type { ExecutionSummary } from '@tenon/database';

/** What lists and streams show of a run. */
export function summaryAnswer(execution: ExecutionSummary): ExecutionSummaryAnswer {
  return {
    id: execution.id,
    kind: execution.kind,
    function: execution.functionName,
    functionId: execution.functionId,
    version: execution.versionId,
    extensionPoint: execution.extensionPoint,
    event: execution.eventId,
    attempt: execution.attempt,
    outcome: execution.outcome,
    message: execution.message,
    instructionsUsed: execution.instructionsUsed,
    fuelUsed: execution.fuelUsed,
    memoryBytesPeak: execution.memoryBytesPeak,
    cpuUs: execution.cpuUs,
    wallUs: execution.wallUs,
    startedAt: execution.startedAt.toISOString(),
    recordedAt: execution.recordedAt.toISOString(),
  };
}
