import type { Id } from '@tenon/contracts';
import type { RunnableFunction, WorkEvent } from '@tenon/database';
import { seedFor } from './determinism.js';
import type { FinishedRun, FunctionRunner } from './function-runner.js';

/** One run of a batch. */
export interface BatchRun extends FinishedRun {
  readonly event: WorkEvent;
  readonly target: RunnableFunction;
  /** Where the function stands among those of its point, from 1. */
  readonly position: number;
}

/** An event with all of its runs; none where no function of the tenant is live on a point that the type feeds. */
export interface EventRuns {
  readonly event: WorkEvent;
  readonly runs: readonly BatchRun[];
}

/** Runs every event on every function that its type feeds, in any order: runs can't see each other. */
export function runBatch(
  tenantId: Id<'tenant'>,
  events: readonly WorkEvent[],
  functionsFor: (eventType: string) => readonly RunnableFunction[],
  runner: Pick<FunctionRunner, 'run'>,
): Promise<readonly EventRuns[]> {
  const runOne = async (event: WorkEvent, target: RunnableFunction, position: number): Promise<BatchRun> => {
    // The clock is the event's, not the wall's: a run that is repeated later must see the same time.
    const given = {
      tenantId,
      input: event.data,
      clockMs: event.acceptedAt.getTime(),
      seed: seedFor(event.id, target.functionId),
    };
    return { event, target, position, ...(await runner.run(target, given)) };
  };
  return Promise.all(
    events.map(async (event) => ({
      event,
      runs: await Promise.all(functionsFor(event.type).map((target, place) => runOne(event, target, place + 1))),
    })),
  );
}
