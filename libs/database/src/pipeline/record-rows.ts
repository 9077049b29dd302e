import { hash } from 'node:crypto';
import type { ExecutionRecord } from './execution-record.js';
import type { RecordBatch } from './record-batch.js';
import { storableOrNull, storableText } from './storable.js';

export const sha256 = (text: string) => hash('sha256', text);

/** Executions as `record_runs` reads them: what the runs of a function share is written once. */
export interface ExecutionRows {
  /** JSON text. */
  readonly targets: string;
  /** JSON text, in the order of the ids. */
  readonly runs: string;
}

export function executionRows(executions: readonly ExecutionRecord[]): ExecutionRows {
  const targets = new Map<string, number>();
  const ordered = [...executions].sort((a, b) => (a.id < b.id ? -1 : 1));
  const runs = ordered.map((execution) => {
    const shared = JSON.stringify(targetOf(execution));
    const target = targets.get(shared) ?? targets.size;
    targets.set(shared, target);
    return runOf(execution, target);
  });
  const numbered = [...targets].map(([shared, target]) => `{"target":${target},${shared.slice(1)}`);
  return { targets: `[${numbered.join(',')}]`, runs: JSON.stringify(runs) };
}

/** Never without a member, so that a number can be put in front of the others. */
function targetOf(execution: ExecutionRecord) {
  const { kind, functionId, functionName, versionId, extensionPoint, attempt, engine } = execution;
  const { position, inputPlace, outputPlace, settingsId } = execution;
  const where = { position, inputPlace, outputPlace, settingsId };
  return { kind, functionId, functionName, versionId, extensionPoint, attempt, engine, ...where };
}

function runOf(execution: ExecutionRecord, target: number) {
  const { id, eventId, outcome, input, output, log, clockMs, seed, inputSha256, outputSha256 } = execution;
  const { instructionsUsed, fuelUsed, memoryBytesPeak, cpuUs, wallUs } = execution;
  return {
    ...{ target, id, eventId, outcome, clockMs, seed, inputSha256, outputSha256 },
    ...{ instructionsUsed, fuelUsed, memoryBytesPeak, cpuUs, wallUs },
    message: storableText(execution.message),
    input: input === undefined ? undefined : storableText(input),
    output: output === undefined ? undefined : storableText(output),
    log: storableText(log),
    startedAt: execution.startedAt.toISOString(),
    rest: restOf(execution),
  };
}

/** What most runs have not: undefined, and so left out, for those. */
function restOf({ logBytesDropped, limit, exitCode, guestError, backtrace }: ExecutionRecord) {
  const isPlain = logBytesDropped === 0 && limit === undefined && exitCode === undefined;
  if (isPlain && guestError === undefined && backtrace === undefined) return undefined;
  return {
    logBytesDropped,
    limit,
    exitCode,
    guestError: guestError === undefined ? undefined : storableText(guestError),
    backtrace: backtrace?.map(({ functionIndex, functionName }) => ({
      functionIndex,
      ...(functionName === undefined ? {} : { functionName: storableText(functionName) }),
    })),
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
