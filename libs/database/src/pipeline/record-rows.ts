import { hash } from 'node:crypto';
import type { ExecutionRecord } from './execution-record.js';
import type { PointStep, RecordBatch } from './record-batch.js';
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
  const targets = new Targets();
  const runs = inOrderOfIds(executions).map((execution) => runOf(execution, targets.numberOf(execution)));
  return { targets: targets.text(), runs: JSON.stringify(runs) };
}

/** They mostly come in order, and then nothing is sorted. */
function inOrderOfIds(executions: readonly ExecutionRecord[]): readonly ExecutionRecord[] {
  const isOrdered = executions.every(({ id }, place) => place === 0 || (executions[place - 1]?.id ?? '') < id);
  return isOrdered ? executions : [...executions].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** What several runs share, each under a number. */
class Targets {
  readonly #numbers = new Map<string, number>();
  #last: ExecutionRecord | undefined;
  #lastNumber = 0;

  numberOf(execution: ExecutionRecord): number {
    // Runs of one function mostly stand side by side, and text is dear.
    if (this.#last === undefined || !sameTarget(this.#last, execution)) {
      const shared = JSON.stringify(targetOf(execution));
      this.#lastNumber = this.#numbers.get(shared) ?? this.#numbers.size;
      this.#numbers.set(shared, this.#lastNumber);
    }
    this.#last = execution;
    return this.#lastNumber;
  }

  /** JSON text. A target is never without a member, so that its number can be put in front of the others. */
  text(): string {
    return `[${[...this.#numbers].map(([shared, number]) => `{"target":${number},${shared.slice(1)}`).join(',')}]`;
  }
}

function targetOf(execution: ExecutionRecord) {
  const { kind, functionId, functionName, versionId, extensionPoint, attempt, engine } = execution;
  const { position, inputPlace, outputPlace, settingsId } = execution;
  const where = { position, inputPlace, outputPlace, settingsId };
  return { kind, functionId, functionName, versionId, extensionPoint, attempt, engine, ...where };
}

function sameTarget(a: ExecutionRecord, b: ExecutionRecord): boolean {
  return (
    a.versionId === b.versionId &&
    a.functionId === b.functionId &&
    a.functionName === b.functionName &&
    a.extensionPoint === b.extensionPoint &&
    a.kind === b.kind &&
    a.attempt === b.attempt &&
    a.engine === b.engine &&
    a.position === b.position &&
    a.inputPlace === b.inputPlace &&
    a.outputPlace === b.outputPlace &&
    a.settingsId === b.settingsId
  );
}

function runOf(execution: ExecutionRecord, target: number) {
  const { input, output } = execution;
  return {
    target,
    id: execution.id,
    eventId: execution.eventId,
    outcome: execution.outcome,
    clockMs: execution.clockMs,
    seed: execution.seed,
    inputSha256: execution.inputSha256,
    outputSha256: execution.outputSha256,
    instructionsUsed: execution.instructionsUsed,
    fuelUsed: execution.fuelUsed,
    memoryBytesPeak: execution.memoryBytesPeak,
    cpuUs: execution.cpuUs,
    wallUs: execution.wallUs,
    message: storableText(execution.message),
    input: input === undefined ? undefined : storableText(input),
    output: output === undefined ? undefined : storableText(output),
    log: storableText(execution.log),
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
    results: pointResults.map((result) => ({
      ...result,
      output: storableOrNull(result.output),
      steps: result.steps.map(storableStep),
    })),
  };
}

/** Pointers name members as the guest wrote them. */
function storableStep(step: PointStep): PointStep {
  return step.changed === undefined ? step : { ...step, changed: step.changed.map(storableText) };
}
