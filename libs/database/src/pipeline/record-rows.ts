import { hash } from 'node:crypto';
import type { ExecutionRecord } from './execution-record.js';
import type { RecordBatch } from './recorder.repository.js';
import { storableOrNull, storableText } from './storable.js';

export const sha256 = (text: string) => hash('sha256', text);

/** An execution as `record_runs` reads it. What is left out is null there. */
export function executionRow(execution: ExecutionRecord) {
  const { output, input, guestError, backtrace } = execution;
  return {
    ...execution,
    message: storableText(execution.message),
    input: input === undefined ? undefined : storableText(input),
    output: output === undefined ? undefined : storableText(output),
    log: storableText(execution.log),
    guestError: guestError === undefined ? undefined : storableText(guestError),
    backtrace: backtrace?.map(({ functionIndex, functionName }) => ({
      functionIndex,
      ...(functionName === undefined ? {} : { functionName: storableText(functionName) }),
    })),
    startedAt: execution.startedAt.toISOString(),
  };
}

/** What becomes of the events of a batch, as `record_runs` reads it. */
export function workRows({ doneEvents = [], againEvents = [], pointResults = [] }: RecordBatch) {
  const byAttempts = Map.groupBy(doneEvents, ({ attempts = 0 }) => attempts);
  return {
    done: [...byAttempts].map(([attempts, events]) => ({ attempts, ids: events.map(({ id }) => id) })),
    again: againEvents.map((event) => ({ ...event, reason: storableText(event.reason) })),
    endings: doneEvents.flatMap(({ id, note }) => (note === undefined ? [] : [{ id, note: storableText(note) }])),
    results: pointResults.map((result) => ({ ...result, output: storableOrNull(result.output) })),
  };
}
