import { hash } from 'node:crypto';
import type { AuditRecord } from '@tenon/audit';
import { bigintArray, bytesArray, textArray } from '../connection/binary-array.js';
import type { ExecutionRecord } from './execution-record.js';
import type { DoneEvent, PointStep, RecordBatch } from './record-batch.js';
import { storable, storableOrNull, storableText } from './storable.js';

export const sha256 = (text: string) => hash('sha256', text);

/** Executions as `record_runs` reads them: what the runs of a function share is written once. */
export interface ExecutionRows {
  /** JSON text. */
  readonly targets: string;
  readonly texts: Buffer;
  readonly figures: Buffer;
  readonly hashes: Buffer;
  readonly rests: Buffer | null;
}

/** `executions` in the order of their ids, no two of them equal. */
export function executionRows(executions: readonly ExecutionRecord[]): ExecutionRows {
  const targets = new Targets();
  const texts: (string | undefined)[] = [];
  const figures: number[] = [];
  const hashes: (string | undefined)[] = [];
  for (const run of executions) {
    const { message, input, output, log } = run;
    texts.push(run.id, run.eventId, run.outcome, storableText(message), run.seed);
    texts.push(storable(input), storable(output), storableText(log));
    figures.push(targets.numberOf(run), run.instructionsUsed, run.fuelUsed, run.memoryBytesPeak, run.cpuUs, run.wallUs);
    figures.push(run.clockMs, run.startedAt.getTime());
    hashes.push(run.inputSha256, run.outputSha256);
  }
  const rests = executions.every(isPlain) ? null : textArray(executions.map(restOf));
  return {
    targets: targets.text(),
    texts: textArray(texts),
    figures: bigintArray(figures),
    hashes: bytesArray(hashes),
    rests,
  };
}

/** Each id once, the first of them. They mostly come in order, and then nothing is sorted. */
export function inOrderOfIds(executions: readonly ExecutionRecord[]): readonly ExecutionRecord[] {
  const isOrdered = executions.every(({ id }, place) => place === 0 || (executions[place - 1]?.id ?? '') < id);
  if (isOrdered) return executions;
  const sorted = [...executions].sort((a, b) => (a.id < b.id ? -1 : 1));
  return sorted.filter(({ id }, place) => id !== sorted[place - 1]?.id);
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

/** Most runs have nothing besides. */
function isPlain({ logBytesDropped, limit, exitCode, guestError, backtrace }: ExecutionRecord): boolean {
  const isWhole = logBytesDropped === 0 && limit === undefined && exitCode === undefined;
  return isWhole && guestError === undefined && backtrace === undefined;
}

/** What most runs have not, as JSON text. */
function restOf(execution: ExecutionRecord): string | undefined {
  if (isPlain(execution)) return undefined;
  const { logBytesDropped, limit, exitCode, guestError, backtrace } = execution;
  return JSON.stringify({
    logBytesDropped,
    limit,
    exitCode,
    guestError: storable(guestError),
    backtrace: backtrace?.map(({ functionIndex, functionName }) => ({
      functionIndex,
      ...(functionName === undefined ? {} : { functionName: storableText(functionName) }),
    })),
  });
}

/** Events that end, as `record_runs` reads them: those with equal attempts side by side. */
export function doneRows(doneEvents: readonly DoneEvent[] = []) {
  const byAttempts = [...Map.groupBy(doneEvents, ({ attempts = 0 }) => attempts)];
  let until = 0;
  return {
    ids: textArray(byAttempts.flatMap(([, events]) => events.map(({ id }) => id))),
    attempts: byAttempts.map(([attempts]) => attempts),
    until: byAttempts.map(([, events]) => (until += events.length)),
  };
}

/** What else becomes of the events of a batch: null for nothing, which is what most batches have. */
export function otherRows({ doneEvents = [], againEvents = [], pointResults = [] }: RecordBatch): string | null {
  const endings = doneEvents.flatMap(({ id, note }) => (note === undefined ? [] : [{ id, note: storableText(note) }]));
  if (againEvents.length + pointResults.length + endings.length === 0) return null;
  return JSON.stringify({
    again: againEvents.map((event) => ({ ...event, reason: storableText(event.reason) })),
    endings,
    results: pointResults.map((result) => ({
      ...result,
      output: storableOrNull(result.output),
      steps: result.steps.map(storableStep),
    })),
  });
}

/** Pointers name members as the guest wrote them. */
function storableStep(step: PointStep): PointStep {
  return step.changed === undefined ? step : { ...step, changed: step.changed.map(storableText) };
}

/** Audit entries as `account_runs` reads them. */
export function auditRows(entries: readonly AuditRecord[]) {
  const texts = entries.flatMap(({ chain, id, at, actor, action, target, requestId, detailsText, ...links }) => [
    ...[chain, id, at, actor, action, target, requestId, detailsText],
    ...[links.prevHash, links.hash, links.seal],
  ]);
  return { texts: textArray(texts), seqs: bigintArray(entries.map(({ seq }) => seq)) };
}
