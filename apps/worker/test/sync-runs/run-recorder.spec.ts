import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import type { ExecutionRecord, RecordBatch } from '@tenon/database';
import { createLogger } from '@tenon/telemetry';
import { waitFor } from '@tenon/testing';
import { eventRecord } from '../../src/executions/execution-records.js';
import { RunRecorder, type RunRecords } from '../../src/sync-runs/run-recorder.js';
import { RunSpool } from '../../src/sync-runs/run-spool.js';
import { finished, functionOn, pointWith } from '../support/runnable.js';

const logger = createLogger({ name: 'test', level: 'silent' });
let folder: string;
let recorded: Set<string>;
let batches: RecordBatch[];
/** Each commit waits for it. */
let commit: () => Promise<void>;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tenon-spool-'));
  recorded = new Set();
  batches = [];
  commit = async () => undefined;
});
afterEach(() => rm(folder, { recursive: true }));

async function open(): Promise<RunRecorder> {
  const record = async (_tenantId: Id<'tenant'>, batch: RecordBatch) => {
    const { executions } = batch;
    await commit();
    batches.push(batch);
    for (const { id } of executions) recorded.add(id);
    return { recorded: executions.map(({ id }) => id) };
  };
  const bodies = { move: async (batch: RecordBatch) => batch };
  return new RunRecorder({ spool: await RunSpool.open(folder), recorder: { record }, bodies, logger });
}

function newRun(): RunRecords & { readonly executions: readonly ExecutionRecord[] } {
  const nothing = { attempts: 0, failures: 0, todo: null };
  const event = { id: newId('event'), type: 'a', data: '{}', acceptedAt: new Date(), ...nothing };
  const step = { target: functionOn(pointWith()), position: 1, input: '{}', run: finished({ output: '1' }) };
  return { tenantId: newId('tenant'), actor: 'key_test', executions: [eventRecord(event, step)] };
}

/** A file of a process that is gone. @returns the executions in it */
async function leave(number: number, more = ''): Promise<readonly string[]> {
  const runs = [newRun(), newRun()];
  const text = `${more}${runs.map((run) => `${JSON.stringify(run)}\n`).join('')}`;
  await writeFile(path.join(folder, `${hostname()}-${2 ** 30}-1700000000000-${number}.runs`), text);
  return runs.flatMap(({ executions }) => executions.map(({ id }) => id));
}

describe('what a process left behind that is gone', () => {
  it('is all recorded while runs keep coming faster than commits end, and its files go', async () => {
    const left = (await Promise.all([1, 2, 3].map((number) => leave(number)))).flat();
    commit = () => delay(5);
    const recorder = await open();
    const coming = setInterval(() => void recorder.keep(newRun()), 2);
    await recorder.recover();
    await waitFor('all that was left', () => left.every((id) => recorded.has(id)));
    await waitFor('the files to go', async () => (await readdir(folder)).every((name) => !name.includes(`${2 ** 30}`)));
    clearInterval(coming);
    await recorder.stop();
  });

  it('is recorded but for a line that can not be read, which is set aside', async () => {
    const left = [...(await leave(1, '{"half\n')), ...(await leave(2))];
    const recorder = await open();
    await recorder.recover();
    await recorder.stop();
    expect(left.every((id) => recorded.has(id))).toBe(true);
    expect(await readdir(folder)).toEqual(['rejected.jsonl']);
  });
});

describe('a run that was kept', () => {
  it('is told of when it is recorded and not before', async () => {
    const held = Promise.withResolvers<void>();
    commit = () => held.promise;
    const recorder = await open();
    let told = 0;
    expect(await recorder.keep(newRun(), () => (told += 1))).toBe(true);
    const stopping = recorder.stop();
    expect(told).toBe(0);
    held.resolve();
    await stopping;
    expect(told).toBe(1);
  });

  it('is counted once, however many of its executions go into other commits', async () => {
    const recorder = await open();
    const { tenantId, actor, executions } = newRun();
    const [first] = executions;
    if (first === undefined) throw new Error('a run without an execution');
    const many = Array.from({ length: 501 }, () => ({ ...first, id: newId('execution') }));
    const kept = [many, executions].map((own) => recorder.keep({ tenantId, actor, executions: own }));
    await Promise.all(kept);
    await recorder.stop();
    expect(batches.map((batch) => batch.executions.length).reduce((sum, one) => sum + one, 0)).toBe(502);
    expect(batches.length).toBeGreaterThan(1);
    expect(batches.reduce((sum, { runs = 0 }) => sum + runs, 0)).toBe(2);
  });
});
