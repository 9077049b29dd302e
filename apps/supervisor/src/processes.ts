import { nodeArguments, type ProcessName, variablesOf } from '@tenon/config';
import { freePort } from '@tenon/devstack';
import { chooseAddress } from './address.js';
import { layout } from './layout.js';
import { endLeftOvers, processRecorder } from './left-overs.js';
import { ManagedProcess } from './managed-process.js';
import type { Secrets } from './secrets.js';
import { StartError } from './supervisor.errors.js';
import { waitUntil } from './wait.js';

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

/** What somebody has set for this process by hand. */
function chosenByHand(name: ProcessName): Record<string, string> {
  const entries = variablesOf(name).map((variable) => [variable, process.env[variable] ?? ''] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

/** All that a process gets to see of the environment. Where the servers are, we know better than anybody. */
function environmentOf(name: ProcessName, options: ProcessesOptions, addresses: Record<string, string>) {
  return {
    NODE_ENV: 'production',
    TENON_DATA_DIR: layout.data,
    TENON_SECRET_KEY: options.secrets.secretKey,
    TENON_INTERNAL_TOKEN: options.secrets.internalToken,
    ...chosenByHand(name),
    DATABASE_URL: options.databaseUrl,
    REDIS_URL: options.redisUrl,
    ...addresses,
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
  const address = await chooseAddress();
  const workerPort = await freePort();
  const manage = (name: ProcessName, addresses: Record<string, string>) =>
    new ManagedProcess({
      name,
      args: [...nodeArguments, '--enable-source-maps', layout.entry(name)],
      env: environmentOf(name, options, addresses),
      verbose: options.verbose,
      print: options.print,
      onSpawn: (pid) => record(name, pid),
      onGiveUp: options.onGiveUp,
    });
  const workerUrl = `http://127.0.0.1:${workerPort}`;
  const worker = manage('worker', { TENON_WORKER_HOST: '127.0.0.1', TENON_WORKER_PORT: String(workerPort) });
  const api = manage('api', {
    TENON_HTTP_HOST: address.host,
    TENON_HTTP_PORT: String(address.port),
    TENON_WORKER_URL: workerUrl,
  });
  const stop = async () => {
    // The api first: what it has accepted is in Postgres, and nothing new comes in.
    await api.stop();
    await worker.stop();
  };
  try {
    await Promise.all([worker.start(), api.start()]);
    await Promise.all([
      untilReady('worker', worker, workerUrl, options.signal),
      untilReady('api', api, address.url, options.signal),
    ]);
    return { url: address.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
