import { executionIdFor, outcomes } from '@tenon/contracts';
import type { ExecutionRecord, RecordBatch, RunnableFunction } from '@tenon/database';
import type { BatchRun, EventRuns } from './batch-run.js';
import type { FinishedRun } from './function-runner.js';

/** Events run by their first attempt for ever: a job that comes again repeats that attempt, and records it once. */
const eventAttempt = 1;

/** The part of a record that follows from what was run and what it did. */
export function recordOf(target: RunnableFunction, run: FinishedRun, input: string) {
  return {
    ...run.result,
    functionId: target.functionId,
    functionName: target.functionName,
    versionId: target.versionId,
    extensionPoint: target.point.name,
    input,
    clockMs: run.clockMs,
    seed: run.seed,
    engine: target.engine ?? undefined,
    startedAt: new Date(run.startedAtMs),
  };
}

function eventRecord({ event, target, ...run }: BatchRun): ExecutionRecord {
  return {
    ...recordOf(target, run, event.data),
    id: executionIdFor(event.id, target.functionId, eventAttempt),
    kind: 'event',
    eventId: event.id,
    attempt: eventAttempt,
  };
}

/** What an event without a run says about itself. */
export const noLiveFunctionNote = 'no live function on an extension point that this event type feeds';

/** The batch as the recorder takes it: every run, and every event ticked off. */
export function recordBatchOf(settled: readonly EventRuns[]): RecordBatch {
  return {
    executions: settled.flatMap(({ runs }) => runs.map(eventRecord)),
    doneEvents: settled.map(({ event, runs }) =>
      runs.length === 0 ? { id: event.id, note: noLiveFunctionNote } : { id: event.id },
    ),
  };
}

/** True when a run of the event failed on our side, so that running it again is our duty. */
export function needsAnotherTry({ runs }: EventRuns): boolean {
  return runs.some((run) => outcomes[run.result.outcome].fault === 'ours');
}
