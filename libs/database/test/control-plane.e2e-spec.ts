import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defaultExecutionLimits, newId } from '@tenon/contracts';
import type { BuildOutcome, Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import { createWorld, openTestDatabase, pointTerms, randomHex, readyBuild, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let database: Database;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
});

afterAll(async () => {
  await database?.close();
  await server?.drop();
});

const newHash = () => Buffer.from(randomHex(), 'hex');

describe('keys', () => {
  test('a key is found by its hash alone, with its tenant and scopes, and its use is noted', async () => {
    const { tenantId } = await createWorld(database);
    const hash = newHash();
    const key = await database.withTenant(tenantId, (tx) =>
      tx.keys.create({ name: 'checkout', prefix: 'tnk_abc', hash, scopes: ['events:write'] }),
    );
    expect(await database.authentication.keyByHash(hash)).toEqual({
      id: key.id,
      tenantId,
      tenantStatus: 'active',
      scopes: ['events:write'],
      expiresAt: null,
      revokedAt: null,
    });
    const used = await database.withTenant(tenantId, (tx) => tx.keys.find(key.id));
    expect(used?.lastUsedAt).toBeInstanceOf(Date);
    expect(await database.authentication.keyByHash(newHash())).toBeNull();
  });

  test('a revoked key is found as revoked, revoking it again says so, and its use is not noted', async () => {
    const { tenantId } = await createWorld(database);
    const hash = newHash();
    const key = await database.asOperator((tx) =>
      tx.keysOf(tenantId).create({ name: 'k', prefix: 'tnk_k', hash, scopes: [], expiresAt: new Date('2100-01-01') }),
    );
    const revoke = () => database.withTenant(tenantId, (tx) => tx.keys.revoke(key.id));
    expect(await revoke()).toBe(true);
    expect(await revoke()).toBe(false);
    const found = await database.authentication.keyByHash(hash);
    expect(found?.revokedAt).toBeInstanceOf(Date);
    expect(found?.expiresAt).toEqual(new Date('2100-01-01'));
    expect((await database.withTenant(tenantId, (tx) => tx.keys.find(key.id)))?.lastUsedAt).toBeNull();
  });

  test('an expired key leaves no trace of use', async () => {
    const hash = newHash();
    const past = new Date(Date.now() - 1_000);
    const key = { name: 'k', prefix: 'tno_k', hash, scopes: [], expiresAt: past };
    const created = await database.asOperator((tx) => tx.keys.create(key));
    expect(await database.authentication.keyByHash(hash)).toMatchObject({ tenantId: null, tenantStatus: null });
    expect((await database.asOperator((tx) => tx.keys.find(created.id)))?.lastUsedAt).toBeNull();
  });

  test("operators' keys and a tenant's keys are two lists", async () => {
    const { tenantId } = await createWorld(database);
    const create = { name: 'k', prefix: 'tno_k', scopes: [] };
    const [ours, theirs] = await database.asOperator(async (tx) => [
      await tx.keys.create({ ...create, hash: newHash() }),
      await tx.keysOf(tenantId).create({ ...create, hash: newHash() }),
    ]);
    const idsOf = (page: { items: readonly { id: string }[] }) => page.items.map((key) => key.id);
    const [operators, tenants] = await database.asOperator(async (tx) => [
      idsOf(await tx.keys.list({ limit: 200 })),
      idsOf(await tx.keysOf(tenantId).list({ limit: 200 })),
    ]);
    expect(tenants).toEqual([theirs.id]);
    expect(operators).toContain(ours.id);
    expect(operators).not.toContain(theirs.id);
  });
});

describe('tenants, plans and points', () => {
  test('a suspended tenant is seen as such where its key is looked up', async () => {
    const { tenantId } = await createWorld(database);
    const hash = newHash();
    await database.asOperator(async (tx) => {
      await tx.keysOf(tenantId).create({ name: 'k', prefix: 'tnk_k', hash, scopes: [] });
      expect(await tx.tenants.setStatus(tenantId, 'suspended')).toBe(true);
      expect(await tx.tenants.setStatus(newId('tenant'), 'suspended')).toBe(false);
    });
    expect(await database.authentication.keyByHash(hash)).toMatchObject({ tenantStatus: 'suspended' });
  });

  test('a plan is replaced by the next put, and its tenants see the new terms', async () => {
    const executionLimits = { ...defaultExecutionLimits, instructionsMax: 5_000 };
    const tenant = await database.asOperator(async (tx) => {
      await tx.plans.put('small', { functionsMax: 1, executionLimits: defaultExecutionLimits });
      return tx.tenants.create({ name: 'T', plan: 'small' });
    });
    await database.asOperator((tx) => tx.plans.put('small', { functionsMax: 2, executionLimits }));
    const read = await database.withTenant(tenant.id, (tx) => tx.tenant.read());
    expect(read?.terms).toMatchObject({ name: 'small', functionsMax: 2, executionLimits });
    expect(await database.asOperator((tx) => tx.plans.find('nowhere'))).toBeNull();
  });

  test('the migrations bring a default plan with default limits', async () => {
    const plan = await database.asOperator((tx) => tx.plans.find('default'));
    expect(plan).toMatchObject({ functionsMax: 100, executionLimits: defaultExecutionLimits });
  });

  test('a point counts its versions and is found by the events that feed it', async () => {
    const terms = { ...pointTerms, eventTypes: ['order.paid', 'order.refunded'] };
    const put = () => database.asOperator((tx) => tx.extensionPoints.put('order.tax', terms));
    expect((await put()).version).toBe(1);
    expect((await put()).version).toBe(2);
    const { tenantId } = await createWorld(database);
    const fed = await database.withTenant(tenantId, (tx) => tx.extensionPoints.fedBy(['order.paid', 'unheard.of']));
    expect(fed.map((point) => point.name)).toEqual(['order.tax']);
    expect(fed[0]).toMatchObject(terms);
  });
});

describe('functions, versions and deployments', () => {
  let world: TenantWorld;
  beforeAll(async () => {
    world = await createWorld(database);
  });

  async function addVersion(outcome: BuildOutcome | null = readyBuild()) {
    return database.withTenant(world.tenantId, async (tx) => {
      const version = await tx.versions.create({ functionId: world.functionId, sha256: randomHex(), bytes: 1 });
      if (outcome !== null) await tx.versions.finishBuild(version.id, outcome);
      return version.id;
    });
  }

  test('two functions of one name are a conflict', async () => {
    const again = database.withTenant(world.tenantId, (tx) =>
      tx.functions.create({ name: world.functionName, extensionPoint: 'cart.discounts' }),
    );
    await expect(again).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a build ends once, whichever way it ends', async () => {
    const id = await addVersion(null);
    await database.withTenant(world.tenantId, async (tx) => {
      expect(await tx.versions.startBuild(id)).toBe(1);
      expect(await tx.versions.startBuild(id)).toBe(2);
      const rejection = { code: 'unknown_import', message: 'imports env.secret' };
      expect(await tx.versions.finishBuild(id, { status: 'rejected', rejection })).toBe(true);
      expect(await tx.versions.finishBuild(id, readyBuild())).toBe(false);
      expect(await tx.versions.startBuild(id)).toBeNull();
      expect(await tx.versions.find(id)).toMatchObject({ status: 'rejected', rejection, report: null });
    });
  });

  test('a version that is not ready cannot be activated, nor one of another function', async () => {
    const building = await addVersion(null);
    const failed = await addVersion({ status: 'failed', failure: 'the sandbox died' });
    const activate = (versionId: typeof building) =>
      database.withTenant(world.tenantId, (tx) => tx.deployments.activate(world.functionId, versionId, 'key_a'));
    await expect(activate(building)).rejects.toMatchObject({ code: 'version_not_ready' });
    await expect(activate(failed)).rejects.toMatchObject({ code: 'version_not_ready' });
    await expect(activate(newId('version'))).rejects.toMatchObject({ code: 'not_found' });
  });

  test('rolling back goes back step by step and then says that nothing is left', async () => {
    const { tenantId, functionId, versionId: first } = await createWorld(database);
    const add = () =>
      database.withTenant(tenantId, async (tx) => {
        const version = await tx.versions.create({ functionId, sha256: randomHex(), bytes: 1 });
        await tx.versions.finishBuild(version.id, readyBuild());
        await tx.deployments.activate(functionId, version.id, 'key_a');
        return version.id;
      });
    const second = await add();
    const third = await add();
    const live = async () => (await database.liveFunctions.byPoint(tenantId, 'cart.discounts'))[0]?.versionId;
    const rollback = () => database.withTenant(tenantId, (tx) => tx.deployments.rollback(functionId, 'key_b'));
    expect(await live()).toBe(third);
    expect(await rollback()).toMatchObject({ versionId: second, reason: 'rollback', by: 'key_b' });
    expect(await live()).toBe(second);
    await rollback();
    expect(await live()).toBe(first);
    await expect(rollback()).rejects.toMatchObject({ code: 'nothing_to_roll_back' });
    const history = await database.withTenant(tenantId, (tx) => tx.deployments.list(functionId, { limit: 10 }));
    expect(history.items.map((item) => item.versionId)).toEqual([first, second, third, second, first]);
  });

  test('activating the live version again changes nothing', async () => {
    const { tenantId, functionId, versionId } = await createWorld(database);
    const activate = () =>
      database.withTenant(tenantId, (tx) => tx.deployments.activate(functionId, versionId, 'key_a'));
    expect((await activate()).id).toBe((await activate()).id);
    const history = await database.withTenant(tenantId, (tx) => tx.deployments.list(functionId, { limit: 10 }));
    expect(history.items).toHaveLength(1);
  });

  test('many activations at once leave one line of history each, and the newest is live', async () => {
    const { tenantId, functionId } = world;
    const versions = await Promise.all([addVersion(), addVersion(), addVersion()]);
    const activate = (id: (typeof versions)[number]) =>
      database.withTenant(tenantId, (tx) => tx.deployments.activate(functionId, id, 'key_a'));
    const deployments = await Promise.all(versions.map(activate));
    expect(new Set(deployments.map((deployment) => deployment.id)).size).toBe(3);
    const live = await database.withTenant(tenantId, (tx) => tx.functions.findByName(world.functionName));
    expect(versions).toContain(live?.liveVersionId);
  });

  test('lists are newest first, page by page, without a gap or an overlap', async () => {
    const { tenantId } = await createWorld(database);
    for (const name of ['a', 'b', 'c', 'd']) {
      await database.withTenant(tenantId, (tx) => tx.functions.create({ name, extensionPoint: 'cart.discounts' }));
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await database.withTenant(tenantId, (tx) => tx.functions.list({ limit: 2, cursor }));
      seen.push(...page.items.map((item) => item.id));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(5);
    expect(seen).toEqual([...new Set(seen)].sort().reverse());
  });
});

describe('webhook sources', () => {
  test('a source is found by its id before its tenant is known, with both live secrets as they were sealed', async () => {
    const { tenantId } = await createWorld(database);
    const mapping = { header: 'x-shopify-topic', types: { 'carts/update': 'cart.updated' } };
    const source = await database.withTenant(tenantId, (tx) =>
      tx.webhookSources.create({ name: 'shop', scheme: 'shopify', mapping, secrets: [Buffer.from([0, 255, 1])] }),
    );
    const secrets = [Buffer.from([7]), Buffer.from([0, 255, 1])];
    await database.withTenant(tenantId, (tx) => tx.webhookSources.setSecrets(source.id, secrets));
    const found = await database.authentication.webhookSource(source.id);
    expect(found).toMatchObject({ id: source.id, tenantId, tenantStatus: 'active', scheme: 'shopify', mapping });
    expect(found?.secrets.map((secret) => [...secret])).toEqual([[7], [0, 255, 1]]);
    expect(await database.withTenant(tenantId, (tx) => tx.webhookSources.delete(source.id))).toBe(true);
    expect(await database.authentication.webhookSource(source.id)).toBeNull();
  });
});
