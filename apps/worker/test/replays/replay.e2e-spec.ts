import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import { createSandboxPool, type SandboxPool } from '@tenon/sandbox';
import { createLogger } from '@tenon/telemetry';
import { FunctionRunner } from '../../src/executions/function-runner.js';
import { GroupRecorder } from '../../src/executions/group-recorder.js';
import { OutputCheck } from '../../src/executions/output-check.js';
import { Gate } from '../../src/shared/gate.js';
import { TestRunService } from '../../src/test-runs/test-run.service.js';
import { Shop, shippingPointName } from '../support/shop.js';
import { storedArtifacts } from '../support/stored-artifacts.js';
import { type RunningWorker, startWorker } from '../support/worker-in-process.js';

/** Runs of each guest, each replayed once. */
const runsPerGuest = 25;
const guests = [
  'volume-discount/volume-discount',
  'volume-discount-c/volume-discount',
  'volume-discount-assemblyscript/volume-discount',
  'volume-discount-go/volume-discount',
  'shipping-rule/shipping-rule',
  'extism-greeting/extism-greeting',
  'endless-loop/endless-loop',
] as const;

let shop: Shop;
let pool: SandboxPool;
let worker: RunningWorker;
let service: TestRunService;

beforeAll(async () => {
  shop = await Shop.open();
  pool = createSandboxPool({ processes: 1, threadsPerProcess: 2 });
  worker = await startWorker(shop, { sandbox: pool });
  const logger = createLogger({ name: 'test', level: 'silent' });
  const runner = new FunctionRunner(
    pool,
    storedArtifacts(shop.storage),
    new OutputCheck(),
    new Gate({ max: 16 }),
    logger,
  );
  const options = { commitsMax: 1, executionsMax: 100, charactersMax: 4_000_000, batchesMax: 50, partsMax: 64 };
  service = new TestRunService(shop.database, runner, new GroupRecorder(shop.database.recorder, options));
});
afterAll(async () => {
  await worker?.stop();
  await pool?.close();
  await shop?.close();
});

async function moduleOf(guest: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`../../../../examples/${guest}.wasm`, import.meta.url)));
}

async function replayOf(id: Id<'execution'>, versionId?: Id<'version'>) {
  const original = await shop.execution(id);
  if (original.input === null) throw new Error('no input');
  const { functionId, clockMs, seed, settingsId, position } = original;
  const again = { functionId, clockMs, seed, settingsId, position };
  const request = { tenantId: shop.tenantId, versionId: versionId ?? original.versionId, input: original.input, again };
  const { executionId } = await service.run({ ...request, actor: 'key_test' });
  return { original, replay: await shop.execution(executionId) };
}

describe('a replay', () => {
  it.each(guests)('of %s gives the same output and the same instruction count, every time', async (guest) => {
    const name = guest.replaceAll('/', '.');
    const functionId = await shop.createFunction(name, shippingPointName);
    const versionId = await shop.upload(functionId, await moduleOf(guest));
    expect((await shop.built(versionId)).status).toBe('ready');
    const inputs = Array.from({ length: runsPerGuest }, (_, place) =>
      JSON.stringify({ name: `n${place}`, lines: [{ sku: 'a', quantity: place, unitPrice: 10 * place }] }),
    );
    const compared = inputs.map(async (input) => {
      const { executionId } = await service.run({ tenantId: shop.tenantId, versionId, input });
      return replayOf(executionId);
    });
    for (const { original, replay } of await Promise.all(compared)) {
      expect(replay.kind).toBe('replay');
      expect({ ...facts(replay) }).toEqual({ ...facts(original) });
    }
  });

  it('of a version of another function is not found', async () => {
    const one = await shop.createFunction('one', shippingPointName);
    const two = await shop.createFunction('two', shippingPointName);
    const module = await moduleOf(guests[0]);
    const [mine, other] = [await shop.upload(one, module), await shop.upload(two, module)];
    await Promise.all([shop.built(mine), shop.built(other)]);
    const { executionId } = await service.run({ tenantId: shop.tenantId, versionId: mine, input: '{"lines":[]}' });
    await expect(replayOf(executionId, newId('version'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(replayOf(executionId, other)).rejects.toMatchObject({ code: 'not_found' });
  });
});

function facts({
  outcome,
  outputSha256,
  output,
  instructionsUsed,
  fuelUsed,
  memoryBytesPeak,
}: Awaited<ReturnType<Shop['execution']>>) {
  return { outcome, outputSha256, output, instructionsUsed, fuelUsed, memoryBytesPeak };
}
