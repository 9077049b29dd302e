import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Id } from '@tenon/contracts';
import { createSandboxPool, type SandboxPool } from '@tenon/sandbox';
import { engineVersion } from '@tenon/wasm';
import pg from 'pg';
import { CountingBuilds } from '../support/counting-builds.js';
import { Shop } from '../support/shop.js';
import { type RunningWorker, startWorker } from '../support/worker-in-process.js';

const example = new URL('../../../../examples/volume-discount/', import.meta.url);

let shop: Shop;
let owner: pg.Client;
let pool: SandboxPool;
let sandbox: CountingBuilds;
let worker: RunningWorker;
let module: Uint8Array;
let cart: string;
let functionId: Id<'function'>;

beforeAll(async () => {
  shop = await Shop.open();
  owner = new pg.Client({ connectionString: shop.testDatabase.ownerUrl });
  await owner.connect();
  pool = createSandboxPool({ processes: 1, threadsPerProcess: 2 });
  sandbox = new CountingBuilds(pool);
  module = new Uint8Array(await readFile(new URL('volume-discount.wasm', example)));
  cart = await readFile(new URL('input.json', example), 'utf8');
  worker = await startWorker(shop, { sandbox });
  functionId = await shop.deploy('discounts', module);
});
afterAll(async () => {
  await worker?.stop();
  await pool?.close();
  await owner?.end();
  await shop?.close();
});
beforeEach(async () => {
  await worker.stop();
  await owner.query(`update versions set engine = '1', artifact_sha256 = repeat('0', 64)`);
  sandbox.builds = 0;
});

/** Every field that an artifact depends on. */
async function versions() {
  const { rows } = await owner.query('select id, status, sha256, engine, artifact_sha256 from versions order by id');
  return rows;
}

async function outcomesOf(events: readonly Id<'event'>[]) {
  const runs = await Promise.all(events.map((id) => shop.executionsOf(id)));
  return runs.flat().map(({ outcome, engine }) => `${outcome} by ${engine}`);
}

describe('a function that an older engine built', () => {
  it('is built again by its first events, once, and says so in the audit log', async () => {
    const events = await shop.send([cart, cart, cart]);
    worker = await startWorker(shop, { sandbox });
    await shop.done(events, 30_000);
    expect(await outcomesOf(events)).toEqual(events.map(() => `succeeded by ${engineVersion}`));
    expect(sandbox.builds).toBe(1);
    const [version] = await versions();
    expect(version).toMatchObject({ status: 'ready', engine: String(engineVersion) });
    const { rows } = await owner.query(
      `select target, details from audit_entries where action = 'version.rebuilt' and chain = $1`,
      [shop.tenantId],
    );
    const details = { before: { engine: '1' }, after: { artifactSha256: version.artifact_sha256 } };
    expect(rows).toMatchObject([{ target: version.id, details }]);
  });

  it('takes what another version of the same bytes was built to', async () => {
    const twin = await shop.upload(functionId, module, false);
    worker = await startWorker(shop, { sandbox });
    await shop.producer.enqueueBuild({ tenantId: shop.tenantId, versionId: twin });
    await shop.built(twin);
    const events = await shop.send([cart]);
    await shop.done(events, 30_000);
    expect(await outcomesOf(events)).toEqual([`succeeded by ${engineVersion}`]);
    expect(sandbox.builds).toBe(1);
    expect(new Set((await versions()).map((version) => version.artifact_sha256)).size).toBe(1);
  });

  it('is built by the next try of its event after a build that failed on our side', async () => {
    sandbox.failures = 1;
    worker = await startWorker(shop, { sandbox });
    const events = await shop.send([cart]);
    await shop.done(events, 30_000);
    expect(await outcomesOf(events)).toEqual([`succeeded by ${engineVersion}`]);
    expect(sandbox.builds).toBe(2);
  });

  it('stays as it was when its module is gone from the storage, and its run is a failure of ours', async () => {
    await owner.query(`update versions set sha256 = repeat('1', 64) where id in (select version_id from deployments)`);
    const before = await versions();
    worker = await startWorker(shop, { sandbox });
    const [event] = await shop.send([cart]);
    if (event === undefined) throw new Error('no event');
    await shop.done([event], 30_000);
    expect(new Set(await outcomesOf([event]))).toEqual(new Set(['internal by 1']));
    expect(await versions()).toEqual(before);
  });
});
