import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultExecutionLimits, type Id, newId } from '@tenon/contracts';
import { Database } from '@tenon/database';
import { openDiskStorage, type Storage } from '@tenon/storage';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import { StorageCollection } from '../../src/builds/storage-collection.js';

let server: TestDatabase;
let database: Database;
let folder: string;
let storage: Storage;
let tenantId: Id<'tenant'>;
let functionId: Id<'function'>;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open({
    url: server.url,
    applicationName: 'collection-test',
    uses: ['app', 'recorder', 'scheduler'],
  });
  folder = await mkdtemp(path.join(tmpdir(), 'tenon-collection-'));
  storage = await openDiskStorage(folder);
});
afterAll(async () => {
  await database?.close();
  await server?.drop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  const terms = { inputSchema: {}, outputSchema: {}, eventTypes: [], limits: defaultExecutionLimits };
  tenantId = await database.asOperator(async (tx) => {
    await tx.extensionPoints.put('collected', { ...terms, mode: 'async', failurePolicy: 'open' });
    return (await tx.tenants.create({ name: 'Tea Shop', plan: 'default' })).id;
  });
  const point = { name: 'mine', extensionPoint: 'collected' };
  functionId = (await database.withTenant(tenantId, (tx) => tx.functions.create(point))).id;
});

const put = async (value: string) => (await storage.put(new TextEncoder().encode(value), { bytesMax: 1_000 })).sha256;
const version = (sha256: string) =>
  database.withTenant(tenantId, (tx) => tx.versions.create({ functionId, sha256, bytes: 1 }));
const settings = { ageMinMs: 60_000, batch: 2, removalsMax: 100 };
const later = () => Date.now() + 120_000;

describe('objects of the storage', () => {
  test('go when nothing needs them and stay when a version does, whatever the size of a batch', async () => {
    const names = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((value) => put(`${tenantId} ${value}`)));
    const kept = await version(names[0] ?? '');
    const collection = new StorageCollection(storage, database, settings);
    expect(await collection.collect(later())).toBe(4);
    expect(await Promise.all(names.map((name) => storage.has(name)))).toEqual([true, false, false, false, false]);
    await database.withTenant(tenantId, (tx) => tx.versions.archive(kept.id));
    expect(await collection.collect(later())).toBe(1);
  });

  test('stay while they are young: what they are for may not be written down yet', async () => {
    const name = await put(`${tenantId} young`);
    expect(await new StorageCollection(storage, database, settings).collect()).toBe(0);
    expect(await storage.has(name)).toBe(true);
  });

  test('stay while another tenant needs the same bytes', async () => {
    const name = await put('shared');
    const mine = await version(name);
    const other = await database.asOperator((tx) => tx.tenants.create({ name: 'Other', plan: 'default' }));
    await database.withTenant(other.id, async (tx) => {
      const theirs = await tx.functions.create({ name: 'theirs', extensionPoint: 'collected' });
      await tx.versions.create({ functionId: theirs.id, sha256: name, bytes: 1 });
    });
    await database.withTenant(tenantId, (tx) => tx.versions.archive(mine.id));
    await new StorageCollection(storage, database, settings).collect(later());
    expect(await storage.has(name)).toBe(true);
  });

  test('are not removed while an upload is about to name them', async () => {
    const name = await put(`${tenantId} about to be named`);
    const collection = new StorageCollection(storage, database, settings);
    await database.withTenant(tenantId, async (tx) => {
      await tx.versions.holdObject(name);
      await collection.collect(later());
      expect(await storage.has(name)).toBe(true);
      await tx.versions.create({ functionId, sha256: name, bytes: 1 });
    });
    await collection.collect(later());
    expect(await storage.has(name)).toBe(true);
  });

  test('that an execution names as its input stay', async () => {
    const input = '"a large input"';
    const name = await put(input);
    const run = { functionId, functionName: 'mine', versionId: newId('version'), extensionPoint: 'collected' };
    const used = { instructionsUsed: 1, fuelUsed: 1, memoryBytesPeak: 1, cpuUs: 1, wallUs: 1 };
    const execution = {
      ...run,
      ...used,
      id: newId('execution'),
      kind: 'test' as const,
      attempt: 1,
      outcome: 'succeeded' as const,
      message: '',
      log: '',
      logBytesDropped: 0,
      clockMs: 0,
      seed: '0'.repeat(64),
      startedAt: new Date(),
      inputSha256: name,
      inputPlace: 'storage' as const,
    };
    await database.recorder.record(tenantId, { executions: [execution] });
    await new StorageCollection(storage, database, settings).collect(later());
    expect(await storage.has(name)).toBe(true);
  });
});
