import { createServer } from 'node:net';
import { freePort } from '@tenon/devstack';
import { layout } from './layout.js';
import { endLeftOvers, processRecorder } from './left-overs.js';
import { ManagedProcess } from './managed-process.js';
import type { Secrets } from './secrets.js';
import { StartError } from './supervisor.errors.js';
import { waitUntil } from './wait.js';

const preferredPort = 8080;
const readyTimeoutMs = 60_000;
const readyPollMs = 50;

export interface ProcessesOptions {
  /** With the login of the processes, never the owner's. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly secrets: Secrets;
  readonly verbose: boolean;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
  readonly onGiveUp: (reason: string) => void;
}

export interface Processes {
  /** Where the api answers, from this machine. */
  readonly url: string;
  stop(): Promise<void>;
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** The port that was asked for, which must be free; else the usual one, else any. */
async function choosePort(host: string): Promise<number> {
  const asked = process.env.TENON_HTTP_PORT;
  if (asked === undefined || asked === '') return (await isFree(host, preferredPort)) ? preferredPort : freePort();
  const port = Number(asked);
  if (await isFree(host, port)) return port === 0 ? freePort() : port;
  throw new StartError(`Port ${asked} of ${host} (TENON_HTTP_PORT) is taken by another program, or is no port.`);
}

/** All that the processes get to see of the environment. */
function sharedEnvironment(options: ProcessesOptions): Record<string, string> {
  const { secrets } = options;
  return {
    NODE_ENV: 'production',
    DATABASE_URL: options.databaseUrl,
    REDIS_URL: options.redisUrl,
    TENON_DATA_DIR: layout.data,
    TENON_SECRET_KEY: secrets.secretKey,
    TENON_INTERNAL_TOKEN: secrets.internalToken,
    TENON_LOG_LEVEL: process.env.TENON_LOG_LEVEL ?? 'info',
  };
}

async function answersReady(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function untilReady(name: string, managed: ManagedProcess, url: string, signal: AbortSignal): Promise<void> {
  const ask = async () => {
    const lastWords = managed.whyEnded();
    if (lastWords !== undefined) throw new StartError(`${name} did not start. Its last words:\n${lastWords}`);
    return (await answersReady(url, signal)) ? true : undefined;
  };
  await waitUntil(`${name} to be ready at ${url}/readyz`, ask, {
    timeoutMs: readyTimeoutMs,
    intervalMs: readyPollMs,
    signal,
  });
  managed.markUp();
}

/** Starts worker and api and waits until both are ready. */
export async function startProcesses(options: ProcessesOptions): Promise<Processes> {
  await endLeftOvers();
  const record = processRecorder();
  const host = process.env.TENON_HTTP_HOST || '127.0.0.1';
  const [port, workerPort] = [await choosePort(host), await freePort()];
  const shared = sharedEnvironment(options);
  const manage = (name: 'api' | 'worker', environment: Record<string, string>) =>
    new ManagedProcess({
      name,
      args: ['--enable-source-maps', layout.entry(name)],
      env: { ...shared, ...environment },
      verbose: options.verbose,
      print: options.print,
      onSpawn: (pid) => record(name, pid),
      onGiveUp: options.onGiveUp,
    });
  const workerUrl = `http://127.0.0.1:${workerPort}`;
  const worker = manage('worker', { TENON_WORKER_HOST: '127.0.0.1', TENON_WORKER_PORT: String(workerPort) });
  const api = manage('api', { TENON_HTTP_HOST: host, TENON_HTTP_PORT: String(port), TENON_WORKER_URL: workerUrl });
  const stop = async () => {
    // The api first: what it has accepted is in Postgres, and nothing new comes in.
    await api.stop();
    await worker.stop();
  };
  const url = `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`;
  try {
    await Promise.all([worker.start(), api.start()]);
    await Promise.all([
      untilReady('worker', worker, workerUrl, options.signal),
      untilReady('api', api, url, options.signal),
    ]);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
