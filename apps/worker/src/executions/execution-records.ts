import { hash } from 'node:crypto';
import { executionIdFor, outcomes } from '@tenon/contracts';
import type { AgainEvent, ExecutionRecord, RecordBatch, RunnableFunction } from '@tenon/database';
import type { BatchRun, EventRuns } from './batch-run.js';
import type { FinishedRun } from './function-runner.js';

const sha256 = (text: string) => hash('sha256', text);

/** The part of a record that follows from what was run and what it did. */
export function recordOf(target: RunnableFunction, run: FinishedRun, input: string) {
  const { output } = run.result;
  return {
    ...run.result,
    functionId: target.functionId,
    functionName: target.functionName,
    versionId: target.versionId,
    extensionPoint: target.point.name,
    input,
    inputSha256: sha256(input),
    outputSha256: output === undefined ? undefined : sha256(output),
    clockMs: run.clockMs,
    seed: run.seed,
    engine: target.engine ?? undefined,
    startedAt: new Date(run.startedAtMs),
  };
}

function eventRecord({ event, target, position, ...run }: BatchRun): ExecutionRecord {
  const attempt = event.attempts + 1;
  return {
    ...recordOf(target, run, event.data),
    // Not written a second time: it is the data of the event.
    input: undefined,
    inputPlace: 'event',
    id: executionIdFor(event.id, target.functionId, attempt),
    kind: 'event',
    eventId: event.id,
    attempt,
    position,
  };
}

/** What an event without a run says about itself. */
export const noLiveFunctionNote = 'no live function on an extension point that this event type feeds';

/** The batch as the recorder takes it: every run, and the end of every event. */
export function recordBatchOf(settled: readonly EventRuns[], againEvents: readonly AgainEvent[]): RecordBatch {
  return {
    executions: settled.flatMap(({ runs }) => runs.map(eventRecord)),
    doneEvents: settled.map(({ event: { id, attempts }, runs }) =>
      runs.length === 0 ? { id, attempts, note: noLiveFunctionNote } : { id, attempts },
    ),
    againEvents,
  };
}

/** True when a run of the event failed on our side, so that running it again is our duty. */
export function needsAnotherTry({ runs }: EventRuns): boolean {
  return runs.some((run) => outcomes[run.result.outcome].fault === 'ours');
}
