import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { executionLimitsSchema, type Id } from '@tenon/contracts';
import { Database, type Version } from '@tenon/database';
import { type FairQueue, openFairQueue, openQueueProducer, type QueueOptions, type QueueProducer } from '@tenon/queue';
import { openQuotas, type Quotas } from '@tenon/quota';
import { openDiskStorage, type Storage } from '@tenon/storage';
import { createTestDatabase, createTestRedis, type TestDatabase, type TestRedis, waitFor } from '@tenon/testing';

export const eventType = 'cart.updated';
export const shippingEventType = 'checkout.shipping';
const pointName = 'cart.discounts';
export const shippingPointName = 'checkout.shipping';

/** Everything outside the worker: servers, a tenant, and the api's half of the work. */
export class Shop {
  private constructor(
    readonly testDatabase: TestDatabase,
    readonly testRedis: TestRedis,
    readonly database: Database,
    readonly queue: QueueOptions,
    readonly producer: QueueProducer,
    readonly fair: FairQueue,
    readonly quotas: Quotas,
    readonly storageFolder: string,
    readonly storage: Storage,
    readonly tenantId: Id<'tenant'>,
  ) {}

  static async open(): Promise<Shop> {
    const [testDatabase, testRedis] = await Promise.all([createTestDatabase(), createTestRedis()]);
    const uses = ['app', 'recorder', 'scheduler'] as const;
    const database = await Database.open({ url: testDatabase.url, applicationName: 'test', uses });
    const queue = { redisUrl: testRedis.url, prefix: testRedis.prefix, retryPauseMs: 5 };
    const folder = await mkdtemp(path.join(tmpdir(), 'tenon-worker-'));
    const tenantId = await seed(database);
    const storage = await openDiskStorage(folder);
    const [producer, fair] = [openQueueProducer(queue), openFairQueue(queue)];
    const quotas = openQuotas({ ...queue, source: database.quota, storeTimeoutMs: 5_000 });
    return new Shop(testDatabase, testRedis, database, queue, producer, fair, quotas, folder, storage, tenantId);
  }

  async close(): Promise<void> {
    await this.producer.close();
    await this.fair.close();
    await this.quotas.close();
    await this.database.close();
    await Promise.all([this.testRedis.close(), this.testDatabase.drop(), rm(this.storageFolder, { recursive: true })]);
  }

  createFunction(name: string, extensionPoint = pointName): Promise<Id<'function'>> {
    return this.database.withTenant(this.tenantId, async (tx) => {
      return (await tx.functions.create({ name, extensionPoint })).id;
    });
  }

  /** What the api does with an upload; `ask` false is an api that died before it asked for the build. */
  async upload(functionId: Id<'function'>, module: Uint8Array, ask = true): Promise<Id<'version'>> {
    const { sha256, bytes } = await this.storage.put(module, { bytesMax: 20_000_000 });
    const { id } = await this.database.withTenant(this.tenantId, (tx) =>
      tx.versions.create({ functionId, sha256, bytes }),
    );
    if (ask) await this.producer.enqueueBuild({ tenantId: this.tenantId, versionId: id });
    return id;
  }

  /** The version once its build has ended. */
  built(versionId: Id<'version'>): Promise<Version> {
    const find = () => this.database.withTenant(this.tenantId, (tx) => tx.versions.find(versionId));
    return waitFor(
      'the build to end',
      async () => {
        const version = await find();
        return version !== null && version.status !== 'building' && version;
      },
      { timeoutMs: 30_000 },
    );
  }

  async activate(functionId: Id<'function'>, versionId: Id<'version'>): Promise<void> {
    await this.database.withTenant(this.tenantId, (tx) => tx.deployments.activate(functionId, versionId, 'test'));
  }

  /** Uploads, waits for the build and activates. */
  async deploy(name: string, module: Uint8Array, extensionPoint = pointName): Promise<Id<'function'>> {
    const functionId = await this.createFunction(name, extensionPoint);
    const versionId = await this.upload(functionId, module);
    await this.built(versionId);
    await this.activate(functionId, versionId);
    return functionId;
  }

  /** Accepts events as the api does: committed first, then put in line. */
  async send(data: readonly string[], type = eventType): Promise<readonly Id<'event'>[]> {
    this.sent += data.length;
    const events = data.map((text, index) => ({
      source: '/test',
      sourceEventId: `${this.sent}-${index}`,
      type,
      data: text,
      origin: 'rest',
    }));
    const accepted = await this.database.events.insert(this.tenantId, events);
    await this.fair.offer(accepted.map(({ id }) => ({ id, tenantId: this.tenantId })));
    this.producer.wakeRelay();
    return accepted.map(({ id }) => id);
  }

  /** Waits until every event is done. */
  async done(ids: readonly Id<'event'>[], timeoutMs = 20_000): Promise<void> {
    const isDone = async () => {
      const events = await this.database.events.load(this.tenantId, ids.slice(0, 1_000));
      return (
        events.length === Math.min(ids.length, 1_000) &&
        events.every((event) => event.status === 'done' || event.status === 'dead')
      );
    };
    await waitFor('the events to be done', isDone, { timeoutMs, intervalMs: 50 });
  }

  async executionsOf(eventId: Id<'event'>) {
    const { items } = await this.database.executions.list(this.tenantId, { limit: 50, eventId });
    return Promise.all(items.map(async ({ id }) => this.execution(id)));
  }

  async execution(id: Id<'execution'>) {
    const found = await this.database.executions.find(this.tenantId, id);
    if (found === null) throw new Error(`no execution ${id}`);
    return found;
  }

  private sent = 0;
}

async function seed(database: Database): Promise<Id<'tenant'>> {
  return database.asOperator(async (tx) => {
    const terms = { limits: executionLimitsSchema.parse({}), mode: 'async', failurePolicy: 'open' } as const;
    const inputSchema = { type: 'object' };
    const outputSchema = { type: 'object', required: ['discounts'], properties: { discounts: { type: 'array' } } };
    await tx.extensionPoints.put(pointName, { ...terms, inputSchema, outputSchema, eventTypes: [eventType] });
    const shipping = { ...terms, inputSchema, outputSchema: { type: 'object' }, eventTypes: [shippingEventType] };
    await tx.extensionPoints.put(shippingPointName, shipping);
    return (await tx.tenants.create({ name: 'Shop', plan: 'default' })).id;
  });
}
