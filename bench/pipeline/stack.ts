import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nodeArguments } from '@tenon/config';
import { type Id, mintApiKey, newId, scopes } from '@tenon/contracts';
import { Database, ensureRuntimeLogin, migrate, urlWithLogin } from '@tenon/database';
import { freePort, startDevstack } from '@tenon/devstack';
import { echoModule } from '../sandbox/guests.ts';
import type { CpuParts } from './cpu-time.ts';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const startTimeoutMs = 60_000;

/** Everything that a measurement needs, as `npm start` would run it: durable Postgres and Redis, api and worker. */
export interface BenchStack {
  readonly apiUrl: string;
  readonly tenantKey: string;
  readonly tenantId: Id<'tenant'>;
  readonly operatorKey: string;
  /** The owner's, to count rows. */
  readonly ownerUrl: string;
  readonly redisUrl: string;
  /** For {@link cpuTimes}. */
  readonly parts: CpuParts;
  /** Where the servers keep their data, and api and worker the uploads: `postgres`, `redis/data`, `data`. */
  readonly folder: string;
  readonly api: BenchProcess;
  readonly worker: BenchProcess;
  stop(): Promise<void>;
}

/** The api or the worker. */
export interface BenchProcess {
  pid(): number;
  /** Starts it again as it was, and returns once it is ready. Only after it has ended. */
  restart(): Promise<void>;
}

export interface BenchStackOptions {
  /** More arguments for node, such as `--cpu-prof`, by process. */
  readonly nodeArguments?: Partial<Record<'api' | 'worker', readonly string[]>>;
}

export async function startBenchStack(options: BenchStackOptions = {}): Promise<BenchStack> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-bench-'));
  const servers = await startDevstack({ folder, redisBinaryFolder: path.join(root, '.tenon/redis/server') });
  const children: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(children.map(endChild));
    await servers.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const login = { user: 'tenon_runtime', password: randomBytes(16).toString('hex') };
    await migrate({ url: servers.postgres.url });
    await ensureRuntimeLogin(servers.postgres.url, login);
    const databaseUrl = urlWithLogin(servers.postgres.url, login);
    const [apiPort, workerPort] = [await freePort(), await freePort()];
    const shared = {
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      REDIS_URL: servers.redis.url,
      TENON_DATA_DIR: path.join(folder, 'data'),
      TENON_SECRET_KEY: randomBytes(32).toString('hex'),
      TENON_INTERNAL_TOKEN: randomBytes(32).toString('hex'),
      TENON_LOG_LEVEL: 'warn',
    };
    const workerUrl = `http://127.0.0.1:${workerPort}`;
    const apiUrl = `http://127.0.0.1:${apiPort}`;
    const startOne = (name: 'api' | 'worker', url: string, env: Record<string, string>): BenchProcess => {
      let child = startChild(name, { ...shared, ...env }, options);
      children.push(child);
      return {
        pid: () => child.pid ?? 0,
        restart: async () => {
          child = startChild(name, { ...shared, ...env }, options);
          children.push(child);
          await untilReady(child, url);
        },
      };
    };
    const worker = startOne('worker', workerUrl, { TENON_WORKER_PORT: String(workerPort) });
    const api = startOne('api', apiUrl, { TENON_HTTP_PORT: String(apiPort), TENON_WORKER_URL: workerUrl });
    const [apiChild, workerChild] = [children[1], children[0]];
    if (apiChild === undefined || workerChild === undefined) throw new Error('nothing was started');
    await Promise.all([untilReady(apiChild, apiUrl), untilReady(workerChild, workerUrl)]);
    const { tenantKey, tenantId, operatorKey } = await seed(apiUrl, databaseUrl);
    const portOf = (url: string) => new URL(url).port;
    const parts = {
      api: api.pid(),
      worker: worker.pid(),
      postgresPort: portOf(servers.postgres.url),
      redisPort: portOf(servers.redis.url),
    };
    const { url: ownerUrl } = servers.postgres;
    const redisUrl = servers.redis.url;
    return { apiUrl, tenantKey, tenantId, operatorKey, ownerUrl, redisUrl, parts, folder, api, worker, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startChild(name: 'api' | 'worker', env: Record<string, string>, options: BenchStackOptions): ChildProcess {
  const args = [
    ...nodeArguments,
    ...(options.nodeArguments?.[name] ?? []),
    path.join(root, 'apps', name, 'dist/main.js'),
  ];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', process.stderr.fd, 'inherit'] });
  // A measurement that fails must not leave its processes behind.
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the process behind ${url} has exited`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await delay(50);
  }
  throw new Error(`${url} did not get ready`);
}

/** Asks the api. @throws for any other answer than success. */
export async function call(url: string, method: string, key: string, body: object | Uint8Array): Promise<unknown> {
  const isModule = body instanceof Uint8Array;
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': isModule ? 'application/wasm' : 'application/json' },
    body: isModule ? new Uint8Array(body) : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

export function textField(answer: unknown, name: string): string {
  if (typeof answer === 'object' && answer !== null && name in answer) {
    const value: unknown = Object.getOwnPropertyDescriptor(answer, name)?.value;
    if (typeof value === 'string') return value;
  }
  throw new Error(`the answer has no ${name}`);
}

/** One tenant with a small function live on `cart.copied` and the sample function on `cart.updated`. */
async function seed(
  apiUrl: string,
  databaseUrl: string,
): Promise<{ tenantKey: string; tenantId: Id<'tenant'>; operatorKey: string }> {
  const operatorKey = await createOperatorKey(databaseUrl);
  const points = [
    { name: 'cart.discounts', required: ['discounts'], eventType: 'cart.updated' },
    { name: 'cart.copy', required: ['lines'], eventType: 'cart.copied' },
  ] as const;
  for (const { name, required, eventType } of points) {
    await call(`${apiUrl}/v1/extension-points/${name}`, 'PUT', operatorKey, {
      inputSchema: { type: 'object', required: ['lines'] },
      outputSchema: { type: 'object', required },
      eventTypes: [eventType],
    });
  }
  const tenant = await call(`${apiUrl}/v1/tenants`, 'POST', operatorKey, { name: 'Bench', plan: 'default' });
  const tenantId = textField(tenant, 'id') as Id<'tenant'>;
  const wanted = { name: 'bench', scopes };
  const created = await call(`${apiUrl}/v1/tenants/${tenantId}/keys`, 'POST', operatorKey, wanted);
  const tenantKey = textField(created, 'key');
  const sample = await readFile(path.join(root, 'examples/volume-discount/volume-discount.wasm'));
  await bringLive(apiUrl, tenantKey, { name: 'bench', point: 'cart.discounts', module: new Uint8Array(sample) });
  await bringLive(apiUrl, tenantKey, { name: 'copy', point: 'cart.copy', module: await echoModule() });
  return { tenantKey, tenantId, operatorKey };
}

async function bringLive(
  apiUrl: string,
  key: string,
  { name, point, module }: { name: string; point: string; module: Uint8Array },
): Promise<void> {
  await call(`${apiUrl}/v1/functions`, 'POST', key, { name, extensionPoint: point });
  const version = await call(`${apiUrl}/v1/functions/${name}/versions`, 'POST', key, module);
  await activateWhenReady(`${apiUrl}/v1/functions/${name}/activate`, key, textField(version, 'id'));
}

export async function activateWhenReady(url: string, key: string, version: string): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    try {
      await call(url, 'POST', key, { version });
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}

async function createOperatorKey(databaseUrl: string): Promise<string> {
  const database = await Database.open({ url: databaseUrl, applicationName: 'tenon-bench', connectionsMax: 1 });
  const minted = mintApiKey('operator');
  await database.asOperator((tx) =>
    tx.keys.create({ name: newId('key'), prefix: minted.prefix, hash: minted.hash, scopes: [] }),
  );
  await database.close();
  return minted.key;
}
