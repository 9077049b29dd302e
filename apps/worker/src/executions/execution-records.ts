import { hash } from 'node:crypto';
import { executionIdFor, type Id } from '@tenon/contracts';
import type {
  AgainEvent,
  DoneEvent,
  ExecutionRecord,
  PointResult,
  RecordBatch,
  RunnableFunction,
  WorkEvent,
} from '@tenon/database';
import type { Contribution, StepRun } from '../combination/run-point.js';
import type { EventPointRun, EventRuns } from './batch-run.js';
import type { EventEnd } from './event-end.js';
import type { FinishedRun } from './function-runner.js';

const sha256 = (text: string) => hash('sha256', text);

type Identity = Pick<ExecutionRecord, 'id' | 'kind' | 'eventId' | 'attempt'>;

/** The record of a run, with all that it was given and all that it did. */
export function recordOf(target: RunnableFunction, run: FinishedRun, input: string, identity: Identity) {
  const { result } = run;
  // One object from one literal: a record per run is made here, and each copy of it costs as much as a hash.
  return {
    ...result,
    id: identity.id,
    kind: identity.kind,
    eventId: identity.eventId,
    attempt: identity.attempt,
    functionId: target.functionId,
    functionName: target.functionName,
    versionId: target.versionId,
    extensionPoint: target.point.name,
    input: input as string | undefined,
    inputPlace: undefined as ExecutionRecord['inputPlace'],
    inputSha256: sha256(input),
    outputSha256: result.output === undefined ? undefined : sha256(result.output),
    clockMs: run.clockMs,
    seed: run.seed,
    engine: run.engine ?? undefined,
    settingsId: target.settingsId ?? undefined,
    startedAt: new Date(run.startedAtMs),
    position: undefined as number | undefined,
  };
}

/** The record of one run of an event. What is the data of the event is not written a second time. */
export function eventRecord(event: WorkEvent, step: StepRun): ExecutionRecord {
  const id = executionIdOf(event, step.target);
  const record = keptOf(step, { id, kind: 'event', eventId: event.id, attempt: event.attempts + 1 });
  if (record.input === event.data) {
    record.input = undefined;
    record.inputPlace = 'event';
  }
  return record;
}

/** The record of a run. What its point does not keep is left out; its hash is there all the same. */
export function keptRecord(step: StepRun, identity: Identity): ExecutionRecord {
  return keptOf(step, identity);
}

function keptOf({ target, position, input, run }: StepRun, identity: Identity) {
  const { inputs, outputs } = target.point.recording;
  const failed = run.result.outcome !== 'succeeded';
  const record = recordOf(target, run, input, identity);
  record.position = position;
  if (!isKept(inputs, failed)) record.input = undefined;
  if (record.output === undefined || isKept(outputs, failed)) return record;
  const { output: _dropped, ...rest } = record;
  return rest;
}

function isKept(policy: 'always' | 'on_failure' | 'never', failed: boolean): boolean {
  return policy === 'always' || (policy === 'on_failure' && failed);
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
  const executions: ExecutionRecord[] = [];
  const doneEvents: DoneEvent[] = [];
  const againEvents: AgainEvent[] = [];
  const pointResults: PointResult[] = [];
  for (const { ran, end } of ended) {
    if (end.kind === 'done') doneEvents.push(end.event);
    else againEvents.push(end.event);
    if (end.kind === 'repeat') continue;
    for (const point of ran.points) {
      for (const step of point.runs) executions.push(eventRecord(ran.event, step));
      // One function alone is its own result; several get a row that says what they made together, and so does what was
      // left of several.
      if (point.contributions.length > 1 || point.isRest === true) pointResults.push(resultOf(ran.event, point));
    }
  }
  return { executions, doneEvents, againEvents, pointResults };
}

function resultOf(event: WorkEvent, point: EventPointRun): PointResult {
  const { outcome, output, contributions, runs } = point;
  const { name, combination, recording } = point.point;
  const isKept = recording.outputs === 'always';
  return {
    eventId: event.id,
    extensionPoint: name,
    attempt: event.attempts + 1,
    combination,
    outcome,
    output: isKept ? output : undefined,
    steps: contributions.map((one) => stepOf(event, one, runs)),
  };
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
