import { describe, expect, it } from '@jest/globals';
import { newId } from '@tenon/contracts';
import type { ExecutionRecord, RecordBatch, TenantBatch } from '@tenon/database';
import { eventRecord } from '../../src/executions/execution-records.js';
import { GroupRecorder } from '../../src/executions/group-recorder.js';
import { finished, functionOn, pointWith } from '../support/runnable.js';

const tenantId = newId('tenant');

function runWith(log: string): ExecutionRecord {
  const event = {
    id: newId('event'),
    type: 'a',
    data: '{}',
    acceptedAt: new Date(),
    attempts: 0,
    failures: 0,
    todo: null,
  };
  const run = finished({ log, output: '1' });
  return eventRecord(event, { target: functionOn(pointWith()), position: 1, input: '{}', run });
}

const batchOf = (runs: number, log = ''): RecordBatch => ({
  executions: Array.from({ length: runs }, () => runWith(log)),
});

/** Says how many executions each commit had; the first one ends when it is let. */
async function commitsOf(batches: readonly RecordBatch[], bounds: { executionsMax: number; charactersMax: number }) {
  const commits: number[] = [];
  const first = Promise.withResolvers<void>();
  const recordTogether = async (group: readonly TenantBatch[]) => {
    const executions = group.flatMap(({ batch }) => batch.executions);
    commits.push(executions.length);
    if (commits.length === 1) await first.promise;
    return group.map(({ batch }) => ({ recorded: batch.executions.map(({ id }) => id) }));
  };
  const recorder = new GroupRecorder({ recordTogether }, { commitsMax: 1, batchesMax: 100, partsMax: 64, ...bounds });
  const recording = batches.map((batch) => recorder.record(tenantId, batch));
  first.resolve();
  const recorded = await Promise.all(recording);
  expect(recorded.map((one) => one.recorded.length)).toEqual(batches.map(({ executions }) => executions.length));
  return commits;
}

describe('batches that come while a commit is under way', () => {
  it('share the next one, up to a number of rows', async () => {
    const batches = Array.from({ length: 6 }, () => batchOf(3));
    expect(await commitsOf(batches, { executionsMax: 7, charactersMax: 1_000 })).toEqual([3, 6, 6, 3]);
  });

  it('share the next one, up to a size: runs with long logs go in smaller commits', async () => {
    const logs: [number, number][] = [
      [1, 150],
      [2, 300],
      [1, 150],
      [1, 600],
      [4, 30],
    ];
    const batches = logs.map(([runs, length]) => batchOf(runs, 'x'.repeat(length)));
    expect(await commitsOf(batches, { executionsMax: 100, charactersMax: 1_000 })).toEqual([1, 3, 5]);
  });

  it('that are small wait for no large one', async () => {
    const large = Promise.withResolvers<void>();
    const recordTogether = async (group: readonly TenantBatch[]) => {
      const rows = group.flatMap(({ batch }) => batch.executions);
      if (rows.length > 20) await large.promise;
      return group.map(({ batch }) => ({ recorded: batch.executions.map(({ id }) => id) }));
    };
    const bounds = { commitsMax: 1, executionsMax: 500, charactersMax: 1_000, batchesMax: 100, partsMax: 64 };
    const recorder = new GroupRecorder({ recordTogether }, bounds);
    const flood = [recorder.record(tenantId, batchOf(21)), recorder.record(tenantId, batchOf(100))];
    expect((await recorder.record(newId('tenant'), batchOf(1))).recorded).toHaveLength(1);
    large.resolve();
    expect((await Promise.all(flood)).map(({ recorded }) => recorded.length)).toEqual([21, 100]);
  });

  it('share the next one up to a number of parts, of which those of one tenant are one', async () => {
    const commits: number[] = [];
    const first = Promise.withResolvers<void>();
    const recordTogether = async (group: readonly TenantBatch[]) => {
      commits.push(group.flatMap(({ batch }) => batch.executions).length);
      if (commits.length === 1) await first.promise;
      return group.map(({ batch }) => ({ recorded: batch.executions.map(({ id }) => id) }));
    };
    const bounds = { commitsMax: 1, executionsMax: 500, charactersMax: 1_000, batchesMax: 100, partsMax: 3 };
    const recorder = new GroupRecorder({ recordTogether }, bounds);
    const [one, two, three, four] = Array.from({ length: 4 }, () => newId('tenant'));
    const inOrder = [one, one, two, one, three, two, four, one].flatMap((tenant) => tenant ?? []);
    const recording = inOrder.map((tenant) => recorder.record(tenant, batchOf(1)));
    const asked = [two, two, two, two].flatMap((tenant) => tenant ?? []);
    recording.push(...asked.map((tenant) => recorder.record(tenant, { ...batchOf(1), actor: 'key_test' })));
    first.resolve();
    await Promise.all(recording);
    expect(commits).toEqual([1, 5, 3, 3]);
  });

  it('go alone where one is larger than the bounds', async () => {
    const batches = [batchOf(1), batchOf(2), batchOf(9, 'x'.repeat(500)), batchOf(2)];
    expect(await commitsOf(batches, { executionsMax: 5, charactersMax: 1_000 })).toEqual([1, 9, 4]);
  });
});
