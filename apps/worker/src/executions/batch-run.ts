import type { Id } from '@tenon/contracts';
import type { RunnableFunction, RunnablePoint, WorkEvent } from '@tenon/database';
import { type PointRun, runPoint, type Turn } from '../combination/run-point.js';
import { seedFor } from './determinism.js';
import type { FinishedRun, FunctionRunner } from './function-runner.js';

/** What the functions of one point did with an event. */
export interface EventPointRun extends PointRun {
  readonly point: RunnablePoint;
  /** Others of the point ended in an earlier attempt. */
  readonly isRest?: boolean;
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

/** What is run on events of one type: points with their functions, in their order. */
interface PointTurns {
  readonly point: RunnablePoint;
  readonly turns: readonly Turn[];
  readonly isRest?: boolean;
}

async function runEvent(
  tenantId: Id<'tenant'>,
  event: WorkEvent,
  functions: readonly RunnableFunction[],
  run: RunOne,
): Promise<readonly EventPointRun[]> {
  const runTurn = ({ target }: Turn, input: string) =>
    // The clock is the event's, not the wall's: a run that is repeated later must see the same time.
    run(target, { tenantId, input, clockMs: event.acceptedAt.getTime(), seed: seedFor(event.id, target.functionId) });
  const runOne = async ({ point, turns, isRest = false }: PointTurns) => ({
    point,
    isRest,
    ...(await runPoint(point, turns, event.data, runTurn)),
  });
  const [first, ...others] = leftOf(event, pointsOf(functions));
  if (first === undefined) return [];
  return others.length === 0 ? [await runOne(first)] : Promise.all([first, ...others].map(runOne));
}

/** The functions that are live for a type stay one and the same list while nothing changes. */
const knownPoints = new WeakMap<readonly RunnableFunction[], readonly PointTurns[]>();

function pointsOf(functions: readonly RunnableFunction[]): readonly PointTurns[] {
  const known = knownPoints.get(functions);
  if (known !== undefined) return known;
  const byPoint = [...Map.groupBy(functions, ({ point }) => point.name).values()];
  const points = byPoint.flatMap((targets) => {
    const turns = targets.map((target, index) => ({ target, position: index + 1 }));
    return turns[0] === undefined ? [] : [{ point: turns[0].target.point, turns }];
  });
  knownPoints.set(functions, points);
  return points;
}

/** All of it, or what an earlier attempt left to do. Positions are those among all functions of the point. */
function leftOf({ todo }: WorkEvent, points: readonly PointTurns[]): readonly PointTurns[] {
  const wanted = todo?.points;
  if (wanted === undefined) return points;
  return points.flatMap(({ point, turns }) => {
    const left = wanted.find(({ name }) => name === point.name);
    if (left === undefined) return [];
    const own = left.functions;
    const chosen = own === undefined ? turns : turns.filter(({ target }) => own.includes(target.functionId));
    return chosen.length === 0 ? [] : [{ point, turns: chosen, isRest: chosen.length < turns.length }];
  });
}
