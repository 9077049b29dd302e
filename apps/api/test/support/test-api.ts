import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type OidcConfig, Sealer } from '@tenon/config';
import { type Id, mintApiKey, type Scope, scopes } from '@tenon/contracts';
import { Database } from '@tenon/database';
import { openFairQueue, openQueueProducer } from '@tenon/queue';
import { openQuotas } from '@tenon/quota';
import { openDiskStorage } from '@tenon/storage';
import { createLogger } from '@tenon/telemetry';
import { createTestDatabase, createTestRedis } from '@tenon/testing';
import type { InjectOptions, Response } from 'light-my-request';
import { createApi } from '../../src/create-api.js';
import type { Platform } from '../../src/platform/platform.module.js';
import type { WorkerClient } from '../../src/platform/worker-client.js';
import { createConformityCheck } from './conformity.js';

export interface TestTenant {
  readonly id: Id<'tenant'>;
  /** Holds every scope. */
  readonly key: string;
}

/** The api on a database, a Redis and a folder of its own, asked in-process. */
export interface TestApi {
  readonly app: NestFastifyApplication;
  readonly database: Database;
  /** The application's login; see TestDatabase. */
  readonly databaseUrl: string;
  readonly databaseOwnerUrl: string;
  readonly redis: { readonly url: string; readonly prefix: string };
  readonly storageFolder: string;
  readonly operatorKey: string;
  /** Every line that was logged so far. */
  readonly logLines: readonly string[];
  /** Every answer is held against the OpenAPI document on its way back. */
  request(options: InjectOptions & { readonly key?: string | undefined }): Promise<Response>;
  createTenant(name?: string): Promise<TestTenant>;
  createKey(tenantId: Id<'tenant'>, held: readonly Scope[], expiresAt?: Date): Promise<{ id: Id<'key'>; key: string }>;
  /** Another api on the same database, Redis and folder, with nothing in its memory. */
  startTwin(): Promise<NestFastifyApplication>;
  close(): Promise<void>;
}

const noWorker: WorkerClient = {
  testRun: () => Promise.reject(new Error('this test has no worker')),
};

/** Answers like a worker for a point without functions. */
export const emptyRuns: NonNullable<Platform['runs']> = {
  run: async () => ({
    head: { load: 0 },
    body: Buffer.from('{"outcome":"succeeded","complete":true,"output":[],"functions":[]}'),
  }),
};

export interface TestApiOptions {
  readonly metricsToken?: string;
  readonly worker?: WorkerClient;
  readonly runs?: Platform['runs'];
  /** Takes addresses from X-Forwarded-For, so that a test may come from many. */
  readonly trustProxy?: boolean;
  readonly publicUrl?: string;
  readonly oidc?: OidcConfig;
  /** Another Redis than the test's own: one that is not there. */
  readonly redisUrl?: string;
}

export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const [testDatabase, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  const storageFolder = await mkdtemp(path.join(tmpdir(), 'tenon-api-'));
  const database = await Database.open({ url: testDatabase.url, applicationName: 'api-test' });
  const queueOptions = { redisUrl: options.redisUrl ?? redis.url, prefix: redis.prefix };
  const [queue, fair] = [openQueueProducer(queueOptions), openFairQueue(queueOptions)];
  const quotas = openQuotas({ ...queueOptions, source: database.quota, storeTimeoutMs: 5_000 });
  const logLines: string[] = [];
  const platform = {
    database,
    queue,
    fair,
    quotas,
    storage: await openDiskStorage(storageFolder),
    sealer: new Sealer([Buffer.alloc(32, 7)]),
    worker: options.worker ?? noWorker,
    ...(options.runs && { runs: options.runs }),
    logger: createLogger({ name: 'api', level: 'info', destination: linesInto(logLines) }),
  };
  const { trustProxy = false, publicUrl = 'https://tenon.test', oidc } = options;
  const about = { version: '0.0.0-test', publicUrl, trustProxy, oidc, metricsToken: options.metricsToken };
  const app = await createApi(platform, about);
  const conforms = createConformityCheck((await app.inject({ method: 'GET', url: '/openapi.json' })).json());
  const operatorKey = await createOperatorKey(database);
  const api: TestApi = {
    app,
    database,
    databaseUrl: testDatabase.url,
    databaseOwnerUrl: testDatabase.ownerUrl,
    redis,
    storageFolder,
    operatorKey,
    logLines,
    request: async ({ key, headers, ...rest }) => {
      const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
      const answer = await app.inject({ ...rest, headers: { ...authorization, ...headers } });
      conforms(rest.method ?? 'GET', String(rest.url), answer);
      return answer;
    },
    createTenant: async (name = 'Test shop') => {
      const tenant = await database.asOperator((tx) => tx.tenants.create({ name, plan: 'default' }));
      const { key } = await api.createKey(tenant.id, scopes);
      return { id: tenant.id, key };
    },
    createKey: async (tenantId, held, expiresAt) => {
      const { key, hash, prefix } = mintApiKey('tenant');
      const row = await database.asOperator((tx) =>
        tx.keysOf(tenantId).create({ name: 'test', prefix, hash, scopes: held, expiresAt }),
      );
      return { id: row.id, key };
    },
    startTwin: () => createApi(platform, about),
    close: async () => {
      await app.close();
      await Promise.all([queue.close(), fair.close(), quotas.close(), database.close()]);
      await Promise.all([testDatabase.drop(), redis.close(), rm(storageFolder, { recursive: true })]);
    },
  };
  return api;
}

async function createOperatorKey(database: Database): Promise<string> {
  const { key, hash, prefix } = mintApiKey('operator');
  await database.asOperator((tx) => tx.keys.create({ name: 'test', prefix, hash, scopes }));
  return key;
}

function linesInto(lines: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
}
