import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import { createLogger } from '@tenon/telemetry';
import { FunctionRunner } from '../../src/executions/function-runner.js';
import { OutputCheck } from '../../src/executions/output-check.js';
import { Gate } from '../../src/shared/gate.js';
import { TestRunService } from '../../src/test-runs/test-run.service.js';
import { ScriptedSandbox } from '../support/scripted-sandbox.js';
import { Shop } from '../support/shop.js';
import { storedArtifacts } from '../support/stored-artifacts.js';
import { type RunningWorker, startWorker } from '../support/worker-in-process.js';

let shop: Shop;
let worker: RunningWorker;
let service: TestRunService;
let versionId: Id<'version'>;
const sandbox = new ScriptedSandbox();

beforeAll(async () => {
  shop = await Shop.open();
  worker = await startWorker(shop, { sandbox });
  versionId = await shop.upload(await shop.createFunction('candidate'), new Uint8Array([1]));
  await shop.built(versionId);
  const logger = createLogger({ name: 'test', level: 'silent' });
  const runner = new FunctionRunner(
    sandbox,
    storedArtifacts(shop.storage),
    new OutputCheck(),
    new Gate({ max: 1 }),
    logger,
  );
  service = new TestRunService(shop.database, runner, shop.database.recorder);
});
afterAll(async () => {
  await worker?.stop();
  await shop?.close();
});

describe('a test run', () => {
  it('runs a version that is not live, and is recorded as a test before it is answered', async () => {
    const { executionId } = await service.run({ tenantId: shop.tenantId, versionId, input: '{"n":1.0}' });
    expect(await shop.execution(executionId)).toMatchObject({
      kind: 'test',
      eventId: null,
      versionId,
      outcome: 'succeeded',
      input: '{"n":1.0}',
      output: '{"discounts":[]}',
    });
  });

  it("gets the function's settings, and its record names which", async () => {
    const functionId = await shop.createFunction('with-settings');
    const version = await shop.upload(functionId, new Uint8Array([3]));
    await shop.built(version);
    const value = '{"name":"x","percent":5}';
    const settings = await shop.database.withTenant(shop.tenantId, (tx) =>
      tx.settings.add({ functionId, value, by: 'key_test' }),
    );
    const { executionId } = await service.run({ tenantId: shop.tenantId, versionId: version, input: '{}' });
    expect(sandbox.requests.at(-1)?.config).toEqual({ TENON_SETTINGS: value, name: 'x', percent: '5' });
    expect(await shop.execution(executionId)).toMatchObject({ settingsId: settings.id });
  });

  it('holds the output to the extension point like any run', async () => {
    sandbox.answer = '[]';
    const { executionId } = await service.run({ tenantId: shop.tenantId, versionId, input: '{}' });
    sandbox.answer = '{"discounts":[]}';
    expect((await shop.execution(executionId)).outcome).toBe('invalid_output');
  });

  it('is not found for a version that is not there, or is another tenant’s', async () => {
    const unknown = { tenantId: shop.tenantId, versionId: newId('version'), input: '{}' };
    await expect(service.run(unknown)).rejects.toMatchObject({ code: 'not_found' });
    const foreign = { tenantId: newId('tenant'), versionId, input: '{}' };
    await expect(service.run(foreign)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is refused while the version is not ready', async () => {
    const functionId = await shop.createFunction('unbuilt');
    const { id } = await shop.database.withTenant(shop.tenantId, (tx) =>
      tx.versions.create({ functionId, sha256: 'e'.repeat(64), bytes: 1 }),
    );
    const request = { tenantId: shop.tenantId, versionId: id, input: '{}' };
    await expect(service.run(request)).rejects.toMatchObject({ code: 'version_not_ready' });
  });

  it('is refused at once when too many wait, and not for ever', async () => {
    const request = { tenantId: shop.tenantId, versionId, input: '{}' };
    const answers = await Promise.allSettled(Array.from({ length: 40 }, () => service.run(request)));
    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(refused).toHaveLength(8);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'unavailable' });
    await service.run(request);
  });
});
