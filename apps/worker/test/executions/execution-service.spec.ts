import { describe, expect, it } from '@jest/globals';
import { newId } from '@tenon/contracts';
import type { RecordBatch, RunnableFunction, WorkEvent } from '@tenon/database';
import { ExecutionService } from '../../src/executions/execution.service.js';
import { executionSettings } from '../../src/executions/execution-settings.js';
import { finished, functionOn, pointWith } from '../support/runnable.js';

const tenantId = newId('tenant');

const eventOf = (data: string): WorkEvent => {
  const nothing = { attempts: 0, failures: 0, todo: null };
  return { id: newId('event'), type: 'cart.updated', data, acceptedAt: new Date(0), ...nothing };
};

/** What the recorder is given, in order, for a job of these events. */
async function recordedOf(events: readonly WorkEvent[], functions: readonly RunnableFunction[], log = '') {
  const batches: RecordBatch[] = [];
  const service = new ExecutionService({
    database: { eventWork: { load: async () => ({ events, generation: '1' }) } },
    live: { fedBy: async () => functions },
    run: async () => finished({ output: '1', log }),
    bodies: { move: async (batch) => batch },
    recorder: {
      record: async (_tenantId, batch) => {
        batches.push(batch);
        return { recorded: [] };
      },
    },
    retryPauseMs: 1,
    logger: { error: () => undefined },
  });
  await service.execute({ tenantId, eventIds: events.map(({ id }) => id) });
  return batches;
}

describe('the records of a job', () => {
  it('are cut by size, between events: full logs do not keep everybody waiting for one commit', async () => {
    const log = 'x'.repeat(executionSettings.charactersPerRecordMax / 4);
    const events = Array.from({ length: 10 }, () => eventOf('{}'));
    const batches = await recordedOf(events, [functionOn(pointWith())], log);
    expect(batches.map(({ executions }) => executions.length)).toEqual([3, 3, 3, 1]);
    expect(batches.map(({ doneEvents }) => doneEvents?.length)).toEqual([3, 3, 3, 1]);
  });

  it('of an event with more runs than a commit takes come in several, and its end with the last', async () => {
    const point = pointWith();
    const runs = executionSettings.executionsPerRecordMax * 2 + 7;
    const functions = Array.from({ length: runs }, () => functionOn(point));
    const event = eventOf('{}');
    const batches = await recordedOf([event], functions);
    expect(batches.map(({ executions }) => executions.length)).toEqual([500, 500, 7]);
    expect(batches.map(({ doneEvents = [] }) => doneEvents.length)).toEqual([0, 0, 1]);
    expect(new Set(batches.flatMap(({ executions }) => executions.map(({ id }) => id))).size).toBe(runs);
    // Those ahead stand under the same condition: the event is still as it was read.
    const unchanged = { id: event.id, attempts: 0, attemptsNow: 0, failures: 0, status: 'ready' };
    expect(batches.slice(0, 2)).toMatchObject([{ againEvents: [unchanged] }, { againEvents: [unchanged] }]);
    expect(batches[2]?.againEvents).toEqual([]);
  });

  it('that Postgres refuses are given up with their event, and those of the other events are recorded', async () => {
    const events = ['1', '"bad"', '2'].map(eventOf);
    const batches: RecordBatch[] = [];
    const service = new ExecutionService({
      database: { eventWork: { load: async () => ({ events, generation: '1' }) } },
      live: { fedBy: async () => [functionOn(pointWith())] },
      run: async (_target, { input }) => finished({ output: input }),
      bodies: { move: async (batch) => batch },
      recorder: {
        record: async (_tenantId, batch) => {
          const isBad = batch.executions.some(({ output }) => output === '"bad"');
          if (isBad) throw Object.assign(new Error('unsupported Unicode escape sequence'), { code: '22P05' });
          batches.push(batch);
          return { recorded: [] };
        },
      },
      retryPauseMs: 1,
      logger: { error: () => undefined },
    });
    await service.execute({ tenantId, eventIds: events.map(({ id }) => id) });
    expect(batches.map(({ executions }) => executions.map(({ output }) => output))).toEqual([['1'], [], ['2']]);
    expect(batches[1]?.againEvents).toMatchObject([{ id: events[1]?.id, status: 'dead' }]);
  });
});
