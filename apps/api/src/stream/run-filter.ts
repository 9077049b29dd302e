import { type ExecutionStreamQuery, outcomes } from '@tenon/contracts';
import type { ExecutionSummary } from '@tenon/database';

/** Whether a stream shows a run. */
export function runFilter(query: ExecutionStreamQuery): (run: ExecutionSummary) => boolean {
  const { function: functionName, version, extensionPoint, outcome, fault, kind, event } = query;
  const fits = <Value>(wanted: Value | undefined, own: Value | null) => wanted === undefined || wanted === own;
  return (run) =>
    fits(functionName, run.functionName) &&
    fits(version, run.versionId) &&
    fits(extensionPoint, run.extensionPoint) &&
    fits(outcome, run.outcome) &&
    fits(fault, outcomes[run.outcome].fault) &&
    fits(kind, run.kind) &&
    fits(event, run.eventId);
}
