import type { Id } from '@tenon/contracts';
import type { RunnableFunction, RunnablePoint, WorkEvent } from '@tenon/database';
import { type PointRun, runPoint, type Turn } from '../combination/run-point.js';
import { seedFor } from './determinism.js';
import type { FinishedRun, FunctionRunner } from './function-runner.js';

/** What the functions of one point did with an event. */
export interface EventPointRun extends PointRun {
  readonly point: RunnablePoint;
}

/** An event with all of its runs; none where no function of the tenant is live on a point that the type feeds. */
export interface EventRuns {
  readonly event: WorkEvent;
  readonly points: readonly EventPointRun[];
}

/** Runs a function on an event, or says why it is not run. */
export type RunOne = (target: RunnableFunction, given: Parameters<FunctionRunner['run']>[1]) => Promise<FinishedRun>;

/** Runs every event on every function that its type feeds, in any order: events can't see each other. */
export function runBatch(
  tenantId: Id<'tenant'>,
  events: readonly WorkEvent[],
  functionsFor: (eventType: string) => readonly RunnableFunction[],
  run: RunOne,
): Promise<readonly EventRuns[]> {
  return Promise.all(
    events.map(async (event) => ({ event, points: await runEvent(tenantId, event, functionsFor(event.type), run) })),
  );
}

function runEvent(
  tenantId: Id<'tenant'>,
  event: WorkEvent,
  functions: readonly RunnableFunction[],
  run: RunOne,
): Promise<readonly EventPointRun[]> {
  const byPoint = [...Map.groupBy(functions, ({ point }) => point.name).values()];
  const wanted = byPoint.flatMap((targets) => {
    const [first] = targets;
    const turns = turnsOf(event, targets);
    return first === undefined || turns.length === 0 ? [] : [{ point: first.point, turns }];
  });
  const runTurn = ({ target }: Turn, input: string) =>
    // The clock is the event's, not the wall's: a run that is repeated later must see the same time.
    run(target, { tenantId, input, clockMs: event.acceptedAt.getTime(), seed: seedFor(event.id, target.functionId) });
  return Promise.all(
    wanted.map(async ({ point, turns }) => ({ point, ...(await runPoint(point, turns, event.data, runTurn)) })),
  );
}

/** All functions of the point, or those that an earlier attempt left to do. Positions are those among all. */
function turnsOf({ todo }: WorkEvent, targets: readonly RunnableFunction[]): readonly Turn[] {
  const turns = targets.map((target, index) => ({ target, position: index + 1 }));
  if (todo?.points === undefined) return turns;
  const left = todo.points.find(({ name }) => name === targets[0]?.point.name);
  if (left === undefined) return [];
  return left.functions === undefined
    ? turns
    : turns.filter(({ target }) => left.functions?.includes(target.functionId));
}
