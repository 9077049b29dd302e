import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defaultExecutionLimits, type Id, recordingPolicySchema, retryPolicySchema } from '@tenon/contracts';
import type { ExtensionPointTerms } from '@tenon/database';
import { waitFor } from '@tenon/testing';
import pg from 'pg';
import { circuitSettings } from '../../src/executions/circuit-breaker.js';
import { ScriptedSandbox } from '../support/scripted-sandbox.js';
import { Shop } from '../support/shop.js';
import { type RunningWorker, startWorker } from '../support/worker-in-process.js';

const bytes = (text: string) => new TextEncoder().encode(text);
let shop: Shop;
let owner: pg.Client;
let sandbox: ScriptedSandbox;
let worker: RunningWorker;
let points = 0;

/** A point of its own with functions of these names; what it is fed by. */
async function pointWith(terms: Partial<ExtensionPointTerms>, names: readonly string[]): Promise<string> {
  points += 1;
  const [name, eventType] = [`point-${points}`, `test.point-${points}`];
  await shop.database.asOperator((tx) =>
    tx.extensionPoints.put(name, {
      inputSchema: {},
      outputSchema: {},
      eventTypes: [eventType],
      limits: defaultExecutionLimits,
      mode: 'async',
      failurePolicy: 'open',
      combination: 'all',
      retry: retryPolicySchema.parse({}),
      recording: recordingPolicySchema.parse({}),
      ...terms,
    }),
  );
  for (const own of names) await shop.deploy(`${own}-${points}`, bytes(own), name);
  return eventType;
}

async function sendOne(eventType: string, data = '{"n":1}'): Promise<Id<'event'>> {
  const [id] = await shop.send([data], eventType);
  if (id === undefined) throw new Error('nothing was sent');
  await shop.done([id]);
  return id;
}

const statusOf = async (id: Id<'event'>) => (await shop.database.events.load(shop.tenantId, [id]))[0]?.status;

beforeAll(async () => {
  shop = await Shop.open();
  owner = new pg.Client({ connectionString: shop.testDatabase.ownerUrl });
  await owner.connect();
  sandbox = new ScriptedSandbox();
  worker = await startWorker(shop, { sandbox });
});
beforeEach(() => {
  sandbox.answers = undefined;
  sandbox.requests.length = 0;
});
afterAll(async () => {
  await worker?.stop();
  await owner?.end();
  await shop?.close();
});

describe('several functions on one point', () => {
  it('run in their order and combine as the point says, and the record shows who changed what', async () => {
    const eventType = await pointWith({ combination: 'pipeline' }, ['first', 'second']);
    sandbox.answers = ({ input }) => ({ outcome: 'succeeded', output: JSON.stringify({ was: JSON.parse(input) }) });
    const id = await sendOne(eventType);
    const executions = await shop.executionsOf(id);
    const byPosition = executions.toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0));
    expect(byPosition.map(({ position, input }) => [position, input])).toEqual([
      [1, '{"n":1}'],
      [2, '{"was":{"n":1}}'],
    ]);
    const [result] = await shop.database.events.results(shop.tenantId, id);
    expect(result).toMatchObject({
      combination: 'pipeline',
      outcome: 'succeeded',
      output: '{"was":{"was":{"n":1}}}',
      steps: [
        { position: 1, executionId: byPosition[0]?.id, outcome: 'succeeded', changed: ['/n', '/was'] },
        { position: 2, executionId: byPosition[1]?.id, outcome: 'succeeded', changed: ['/was/n', '/was/was'] },
      ],
    });
  });
});

describe('an outcome that the point wants tried again', () => {
  const retry = retryPolicySchema.parse({ outcomes: ['deadline'], attemptsMax: 3, delayMs: 100 });

  it('is run again after a while, and every attempt is recorded', async () => {
    const eventType = await pointWith({ retry }, ['slow']);
    let runs = 0;
    sandbox.answers = () => {
      runs += 1;
      return runs < 3 ? { outcome: 'deadline' } : { outcome: 'succeeded', output: '{}' };
    };
    const id = await sendOne(eventType);
    const executions = await shop.executionsOf(id);
    const attempts = executions.map(({ attempt, outcome }) => [attempt, outcome]).sort();
    expect(attempts).toEqual([
      [1, 'deadline'],
      [2, 'deadline'],
      [3, 'succeeded'],
    ]);
    expect(await statusOf(id)).toBe('done');
    expect(new Set(executions.map(({ seed, clockMs }) => `${seed} ${clockMs}`)).size).toBe(1);
  });

  it('has a result of its own where it is one of several: only the first attempt was shown', async () => {
    const eventType = await pointWith({ retry }, ['late', 'prompt']);
    let runs = 0;
    sandbox.answers = () => {
      runs += 1;
      return runs === 1 ? { outcome: 'deadline' } : { outcome: 'succeeded', output: `{"run":${runs}}` };
    };
    const id = await sendOne(eventType);
    const results = await shop.database.events.results(shop.tenantId, id);
    const shown = results.map(({ attempt, output, steps }) => [attempt, output, steps.map(({ outcome }) => outcome)]);
    expect(shown).toEqual([
      [2, '[{"run":3}]', ['succeeded']],
      [1, '[{"run":2}]', ['deadline', 'succeeded']],
    ]);
    expect(results[0]?.steps).toHaveLength(1);
  });

  it('is dead after its last attempt, and runs again once it is replayed', async () => {
    const eventType = await pointWith({ retry }, ['hopeless']);
    sandbox.answers = () => ({ outcome: 'deadline' });
    const id = await sendOne(eventType);
    expect(await statusOf(id)).toBe('dead');
    expect(await shop.executionsOf(id)).toHaveLength(3);
    sandbox.answers = () => ({ outcome: 'succeeded', output: '{}' });
    const [revived] = await shop.database.eventWork.revive(shop.tenantId, { ids: [id] });
    expect(revived?.id).toBe(id);
    await shop.fair.offer([{ id, tenantId: shop.tenantId }]);
    await waitFor('the event to be done', async () => (await statusOf(id)) === 'done');
    expect((await shop.executionsOf(id)).map(({ outcome }) => outcome).sort()).toEqual([
      'deadline',
      'deadline',
      'deadline',
      'succeeded',
    ]);
  });
});

describe('what is kept of a run', () => {
  it('is what the point says; the hashes are there in any case', async () => {
    const recording = recordingPolicySchema.parse({ inputs: 'never', outputs: 'on_failure' });
    const id = await sendOne(await pointWith({ recording }, ['quiet']));
    const [execution] = await shop.executionsOf(id);
    expect(execution).toMatchObject({ input: null, output: null });
    expect([execution?.inputSha256, execution?.outputSha256]).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
  });

  it('is in the storage where it is large', async () => {
    const eventType = await pointWith({}, ['wordy']);
    const output = JSON.stringify('x'.repeat(100_000));
    sandbox.answers = () => ({ outcome: 'succeeded', output });
    const [execution] = await shop.executionsOf(await sendOne(eventType));
    expect(execution).toMatchObject({ output: null, outputPlace: 'storage' });
    const kept = await shop.storage.read(execution?.outputSha256 ?? '', { bytesMax: 200_000 });
    expect(Buffer.from(kept).toString()).toBe(output);
  });
});

describe('a function that fails over and over', () => {
  it('is not run any more, until one run tries it and succeeds', async () => {
    const eventType = await pointWith({}, ['broken']);
    sandbox.answers = () => ({ outcome: 'trap' });
    const failing = Array.from({ length: circuitSettings.failuresMax }, () => '{}');
    await shop.done(await shop.send(failing, eventType));
    const [functionId] = await functionsWithOpenCircuit();
    const runs = sandbox.requests.length;
    const refused = await sendOne(eventType);
    expect(sandbox.requests).toHaveLength(runs);
    expect(await statusOf(refused)).toBe('dead');
    const [execution] = await shop.executionsOf(refused);
    expect(execution).toMatchObject({ outcome: 'circuit_open', functionId, fuelUsed: 0 });
    expect(execution?.message).toContain('failures in a row, the last of them: trap');

    await owner.query("UPDATE function_breakers SET probe_at = now() - interval '1 s'");
    sandbox.answers = undefined;
    expect(await statusOf(await sendOne(eventType))).toBe('done');
    expect(await functionsWithOpenCircuit()).toEqual([]);
    const actions = await auditActions();
    expect(actions).toEqual(['function.circuit_opened', 'function.circuit_closed']);
  });

  async function functionsWithOpenCircuit(): Promise<readonly string[]> {
    const { rows } = await owner.query<{ function_id: string }>('SELECT function_id FROM function_breakers');
    return rows.map((row) => row.function_id);
  }

  async function auditActions(): Promise<readonly string[]> {
    const { rows } = await owner.query<{ action: string }>(
      "SELECT action FROM audit_entries WHERE action LIKE 'function.circuit%' ORDER BY seq",
    );
    return rows.map((row) => row.action);
  }
});
