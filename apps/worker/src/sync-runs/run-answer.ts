import { type FieldError, type Id, outcomes, ProblemError } from '@tenon/contracts';
import type { RunnablePoint } from '@tenon/database';
import type { Contribution, PointRun, StepRun } from '../combination/run-point.js';

/** What the execution of a step is called. */
export type ExecutionIdOf = (step: Pick<StepRun, 'target'>) => Id<'execution'>;

/** The body of the public answer, as JSON text: outputs are in it as the functions wrote them. */
export function answerText(point: RunnablePoint, ran: PointRun, input: string, idOf: ExecutionIdOf): string {
  const steps = ran.contributions.map((one) => JSON.stringify(stepOf(one, ran, idOf))).join(',');
  const output = ran.output ?? outputWithout(point, input);
  const outputPart = output === undefined ? '' : `,"output":${output}`;
  const complete = ran.runs.every(({ run }) => run.result.outcome === 'succeeded');
  return `{"outcome":"${ran.outcome}","complete":${complete}${outputPart},"functions":[${steps}]}`;
}

/** What stands where no function succeeded and the point does without them. */
function outputWithout({ combination }: RunnablePoint, input: string): string | undefined {
  if (combination === 'all') return '[]';
  if (combination === 'merge') return '{}';
  return combination === 'pipeline' ? input : undefined;
}

/** Throws where the point does not do without what failed. @throws ProblemError `run_failed`, `run_timed_out`, `internal` */
export function assertStands({ failurePolicy }: RunnablePoint, ran: PointRun, idOf: ExecutionIdOf): void {
  if (failurePolicy === 'open' || ran.outcome === 'succeeded') return;
  const errors = ran.contributions.flatMap((one, place) => failureOf(one, place, ran, idOf));
  if (outcomes[ran.outcome].fault === 'ours')
    throw new ProblemError('internal', outcomes[ran.outcome].sentence, errors);
  const code = ran.outcome === 'deadline' ? 'run_timed_out' : 'run_failed';
  throw new ProblemError(code, `The run ended as "${ran.outcome}": ${outcomes[ran.outcome].sentence}`, errors);
}

function failureOf(one: Contribution, place: number, ran: PointRun, idOf: ExecutionIdOf): readonly FieldError[] {
  if (one.outcome === 'succeeded' || one.outcome === 'skipped') return [];
  const step = stepOf(one, ran, idOf);
  const message = `${step.function} ended as "${one.outcome}" (${step.execution}): ${step.message ?? ''}`;
  return [{ pointer: `/functions/${place}`, message }];
}

function stepOf({ target, position, outcome, changed }: Contribution, ran: PointRun, idOf: ExecutionIdOf) {
  const step = ran.runs.find((one) => one.target === target);
  const result = step?.run.result;
  return {
    function: target.functionName,
    functionId: target.functionId,
    version: target.versionId,
    position,
    outcome,
    execution: step === undefined ? undefined : idOf(step),
    message: outcome === 'succeeded' ? undefined : result?.message,
    instructionsUsed: result?.instructionsUsed,
    wallUs: result?.wallUs,
    changed,
  };
}
