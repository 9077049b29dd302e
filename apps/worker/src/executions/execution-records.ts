import { hash } from 'node:crypto';
import { executionIdFor, type Id } from '@tenon/contracts';
import type { ExecutionRecord, PointResult, RecordBatch, RunnableFunction, WorkEvent } from '@tenon/database';
import type { Contribution, StepRun } from '../combination/run-point.js';
import type { EventPointRun, EventRuns } from './batch-run.js';
import type { EventEnd } from './event-end.js';
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
    engine: run.engine ?? undefined,
    settingsId: target.settingsId ?? undefined,
    startedAt: new Date(run.startedAtMs),
  };
}

/** The record of one run of an event. */
export function eventRecord(event: WorkEvent, step: StepRun): ExecutionRecord {
  const identity = {
    id: executionIdOf(event, step.target),
    kind: 'event' as const,
    eventId: event.id,
    attempt: event.attempts + 1,
  };
  const record = keptRecord(step, identity);
  return record.input === undefined ? record : { ...record, ...keptInput(event, record.input) };
}

/** The record of a run. What its point does not keep is left out; its hash is there all the same. */
export function keptRecord(
  { target, position, input, run }: StepRun,
  identity: Pick<ExecutionRecord, 'id' | 'kind' | 'eventId' | 'attempt'>,
): ExecutionRecord {
  const { inputs, outputs } = target.point.recording;
  const isKept = (policy: typeof inputs) =>
    policy === 'always' || (policy === 'on_failure' && run.result.outcome !== 'succeeded');
  const { output, ...withoutOutput } = recordOf(target, run, input);
  return {
    ...withoutOutput,
    ...identity,
    position,
    ...(isKept(outputs) && output !== undefined ? { output } : {}),
    ...(isKept(inputs) ? {} : { input: undefined }),
  };
}

/** What is the data of the event is not written a second time. */
function keptInput(event: WorkEvent, input: string) {
  return input === event.data ? { input: undefined, inputPlace: 'event' as const } : { input };
}

function executionIdOf(event: WorkEvent, target: RunnableFunction): Id<'execution'> {
  return executionIdFor(event.id, target.functionId, event.attempts + 1);
}

/** An event with what becomes of it. */
export interface EndedEvent {
  readonly ran: EventRuns;
  readonly end: EventEnd;
}

/** The batch as the recorder takes it: every run that is to be recorded, and what becomes of every event. */
export function recordBatchOf(ended: readonly EndedEvent[]): RecordBatch {
  const recorded = ended.filter(({ end }) => end.kind !== 'repeat');
  return {
    executions: recorded.flatMap(({ ran: { event, points } }) =>
      points.flatMap(({ runs }) => runs.map((step) => eventRecord(event, step))),
    ),
    doneEvents: ended.flatMap(({ end }) => (end.kind === 'done' ? [end.event] : [])),
    againEvents: ended.flatMap(({ end }) => (end.kind === 'done' ? [] : [end.event])),
    pointResults: recorded.flatMap(({ ran: { event, points } }) => points.flatMap((point) => resultOf(event, point))),
  };
}

/** One function alone is its own result; several get a row that says what they made together. */
function resultOf(event: WorkEvent, point: EventPointRun): readonly PointResult[] {
  if (point.contributions.length < 2) return [];
  const { outcome, output, contributions, runs } = point;
  const { name, combination, recording } = point.point;
  const isKept = recording.outputs === 'always';
  return [
    {
      eventId: event.id,
      extensionPoint: name,
      attempt: event.attempts + 1,
      combination,
      outcome,
      output: isKept ? output : undefined,
      steps: contributions.map((one) => stepOf(event, one, runs)),
    },
  ];
}

function stepOf(event: WorkEvent, { target, position, outcome, changed }: Contribution, runs: readonly StepRun[]) {
  const ran = runs.some((one) => one.target.functionId === target.functionId);
  const { functionId, functionName } = target;
  return {
    position,
    functionId,
    functionName,
    executionId: ran ? executionIdOf(event, target) : null,
    outcome,
    ...(changed === undefined ? {} : { changed }),
  };
}
