import { describe, expect, it } from '@jest/globals';
import { newId, type Outcome, retryPolicySchema } from '@tenon/contracts';
import type { RunnablePoint, WorkEvent } from '@tenon/database';
import { runPoint } from '../../src/combination/run-point.js';
import { endOf, noLiveFunctionNote } from '../../src/executions/event-end.js';
import { executionSettings } from '../../src/executions/execution-settings.js';
import { finished, functionOn, pointWith } from '../support/runnable.js';

const options = { retryPauseMs: 100, nowMs: 1_000_000, random: () => 0.5 };
const retry = retryPolicySchema.parse({ outcomes: ['deadline'], attemptsMax: 3, delayMs: 1_000, delayMsMax: 3_000 });

function eventWith(changes: Partial<WorkEvent> = {}): WorkEvent {
  const nothing = { attempts: 0, failures: 0, todo: null };
  return { id: newId('event'), type: 'cart.updated', data: '{}', acceptedAt: new Date(0), ...nothing, ...changes };
}

/** An event whose functions, one point after the other, ended like this. */
async function ended(
  event: WorkEvent,
  points: readonly { readonly point: RunnablePoint; readonly outcomes: readonly Outcome[] }[],
) {
  const ran = points.map(async ({ point, outcomes }) => {
    const turns = outcomes.map((_, index) => ({ target: functionOn(point), position: index + 1 }));
    const run = await runPoint(point, turns, '{}', async ({ position }) => {
      const outcome = outcomes[position - 1] ?? 'succeeded';
      return finished(outcome === 'succeeded' ? { output: '1' } : { outcome });
    });
    return { point, ...run };
  });
  return endOf({ event, points: await Promise.all(ran) }, options);
}

const on = (point: RunnablePoint, ...outcomes: Outcome[]) => [{ point, outcomes }];

describe('an event', () => {
  it('that ran, or failed in a way that would end the same again, is done', async () => {
    expect((await ended(eventWith(), on(pointWith(), 'succeeded', 'trap'))).kind).toBe('done');
  });

  it('with nothing to run is done, and says so', async () => {
    expect(await ended(eventWith(), [])).toMatchObject({ kind: 'done', event: { note: noLiveFunctionNote } });
  });

  it('that failed on our side is repeated as a whole, and nothing of it is recorded', async () => {
    const end = await ended(eventWith({ failures: 2 }), on(pointWith({ retry }), 'succeeded', 'internal', 'deadline'));
    expect(end).toMatchObject({ kind: 'repeat', event: { attemptsNow: 0, failures: 3, status: 'ready' } });
    expect(end.kind === 'repeat' && end.event.notBefore?.getTime()).toBe(options.nowMs + 400);
  });

  it('that failed on our side as often as it may is dead, and recorded', async () => {
    const worn = eventWith({ failures: executionSettings.triesMax - 1 });
    const end = await ended(worn, on(pointWith(), 'succeeded', 'internal'));
    expect(end).toMatchObject({ kind: 'recorded', event: { status: 'dead', attemptsNow: 1, reason: 'internal' } });
    expect(end.kind === 'recorded' && end.event.todo?.points?.[0]?.functions).toHaveLength(1);
  });
});

describe('an outcome that its point wants tried again', () => {
  it('comes again with those functions that need it, later each time, up to a limit', async () => {
    const pauses = [];
    for (const attempts of [0, 1]) {
      const end = await ended(eventWith({ attempts }), on(pointWith({ retry }), 'succeeded', 'deadline'));
      expect(end).toMatchObject({ kind: 'recorded', event: { status: 'ready', attemptsNow: attempts + 1 } });
      if (end.kind !== 'recorded') throw new Error('it was recorded');
      expect(end.event.todo?.points?.[0]?.functions).toHaveLength(1);
      pauses.push((end.event.notBefore?.getTime() ?? 0) - options.nowMs);
    }
    expect(pauses).toEqual([1_000, 2_000]);
  });

  it('is dead after its last attempt, and has as many again once a person revives it', async () => {
    const point = pointWith({ retry });
    const last = await ended(eventWith({ attempts: 2 }), on(point, 'deadline'));
    expect(last).toMatchObject({ kind: 'recorded', event: { status: 'dead', reason: 'deadline' } });
    const revived = eventWith({ attempts: 3, todo: { revivedAt: 3, points: [{ name: point.name }] } });
    expect(await ended(revived, on(point, 'deadline'))).toMatchObject({ event: { status: 'ready', attemptsNow: 4 } });
  });

  it('of a combination comes again as a whole, unless another function made up for it', async () => {
    const pipeline = await ended(
      eventWith(),
      on(pointWith({ retry, combination: 'pipeline' }), 'succeeded', 'deadline'),
    );
    expect(pipeline).toMatchObject({ event: { todo: { points: [{ name: 'cart.discounts' }] } } });
    expect(pipeline.kind === 'recorded' && pipeline.event.todo?.points?.[0]?.functions).toBeUndefined();
    const first = await ended(eventWith(), on(pointWith({ retry, combination: 'first' }), 'deadline', 'succeeded'));
    expect(first.kind).toBe('done');
  });

  it('of one point goes on while another point is dead, and the event is dead in the end', async () => {
    const patient = { point: pointWith({ name: 'patient', retry }), outcomes: ['deadline'] as const };
    const short = {
      point: pointWith({ name: 'short', retry: { ...retry, attemptsMax: 1 } }),
      outcomes: ['deadline'] as const,
    };
    const both = await ended(eventWith(), [patient, short]);
    expect(both).toMatchObject({
      event: { status: 'ready', todo: { points: [{ name: 'patient' }], dead: [{ name: 'short' }] } },
    });
    const todo = both.kind === 'recorded' ? both.event.todo : undefined;
    const next = eventWith({ attempts: 1, todo: todo ?? null });
    const good = await ended(next, [{ ...patient, outcomes: ['succeeded'] }]);
    expect(good).toMatchObject({ event: { status: 'dead', todo: { points: [{ name: 'short' }] } } });
  });
});

it('a function whose circuit is open makes its event dead at once', async () => {
  const end = await ended(eventWith(), on(pointWith({ retry }), 'circuit_open', 'succeeded'));
  expect(end).toMatchObject({ kind: 'recorded', event: { status: 'dead', reason: 'circuit_open' } });
});
