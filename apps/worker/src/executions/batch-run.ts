import type { Id } from '@tenon/contracts';
import type { RunnableFunction, StoredEvent } from '@tenon/database';
import { seedFor } from './determinism.js';
import type { FinishedRun, FunctionRunner } from './function-runner.js';

/** What a run needs to know of its event. */
export type QueuedEvent = Pick<StoredEvent, 'id' | 'type' | 'data' | 'acceptedAt'>;

/** One run of a batch. */
export interface BatchRun extends FinishedRun {
  readonly event: QueuedEvent;
  readonly target: RunnableFunction;
}

/** An event with all of its runs; none where no function of the tenant is live on a point that the type feeds. */
export interface EventRuns {
  readonly event: QueuedEvent;
  readonly runs: readonly BatchRun[];
}

/** Runs every event on every function that its type feeds, in any order: runs can't see each other. */
export function runBatch(
  tenantId: Id<'tenant'>,
  events: readonly QueuedEvent[],
  functionsFor: (eventType: string) => readonly RunnableFunction[],
  runner: Pick<FunctionRunner, 'run'>,
): Promise<readonly EventRuns[]> {
  const runOne = async (event: QueuedEvent, target: RunnableFunction): Promise<BatchRun> => {
    // The clock is the event's, not the wall's: a run that is repeated later must see the same time.
    const given = {
      tenantId,
      input: event.data,
      clockMs: event.acceptedAt.getTime(),
      seed: seedFor(event.id, target.functionId),
    };
    return { event, target, ...(await runner.run(target, given)) };
  };
  return Promise.all(
    events.map(async (event) => ({
      event,
      runs: await Promise.all(functionsFor(event.type).map((target) => runOne(event, target))),
    })),
  );
}
