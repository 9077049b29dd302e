import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DevstackError } from './errors.js';
import { freePort } from './free-port.js';
import { startGuarded } from './guarded-process.js';
import type { RunningServer } from './postgres.js';
import { commandLineOf, endProcess, isAlive } from './process-table.js';
import { findRedisBinary, type RedisBinary } from './redis-binary.js';
import { pingRedis } from './redis-ping.js';
import { untilReady } from './until-ready.js';

const readyTimeoutMs = 60_000;
const portAttemptsMax = 3;

export interface RedisOptions {
  /** Holds the append-only file, the configuration and, if need be, the unpacked programs. Kept between starts. */
  readonly folder: string;
  /** Where an unpacked server is kept; a folder that several data folders may share. */
  readonly binaryFolder: string;
  readonly logFile: string;
  /** False keeps nothing on disk: only for data that nobody will miss. */
  readonly durable: boolean;
  readonly onProgress: (line: string) => void;
}

function configuration(folder: string, port: number, password: string, durable: boolean): string {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    // In a file that only we can read, not among the arguments, which everybody can.
    `requirepass ${password}`,
    'daemonize no',
    `dir "${folder}"`,
    'save ""',
    `appendonly ${durable ? 'yes' : 'no'}`,
    'appendfsync everysec',
    // BullMQ loses jobs silently if Redis evicts keys.
    'maxmemory-policy noeviction',
    `databases ${durable ? 16 : 256}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** A server that an earlier start left behind still has our configuration file among its arguments, or as its title. */
async function clearLeftOver(folder: string): Promise<void> {
  const file = path.join(folder, 'server.pid');
  const text = await readFile(file, 'utf8').catch(() => '');
  await rm(file, { force: true });
  const [pid, port] = text.split(' ').map(Number);
  if (pid === undefined || port === undefined || !Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return;
  const command = await commandLineOf(pid);
  if (!/(redis|valkey)-server/.test(command) || !command.includes(`127.0.0.1:${port}`)) return;
  if (!(await endProcess(pid, 'SIGTERM', 30_000))) {
    throw new DevstackError(`A Redis that an earlier start left behind (process ${pid}) can't be stopped.`);
  }
}

async function startOnPort(binary: RedisBinary, options: RedisOptions): Promise<RunningServer> {
  const port = await freePort();
  const password = randomBytes(24).toString('base64url');
  const configFile = path.join(options.folder, 'redis.conf');
  await writeFile(configFile, configuration(options.folder, port, password, options.durable), { mode: 0o600 });
  const server = await startGuarded({
    program: binary.program,
    args: [configFile],
    env: binary.env,
    stopSignal: 'SIGTERM',
    output: { logFile: options.logFile },
  });
  await writeFile(path.join(options.folder, 'server.pid'), `${server.pid} ${port}`);
  try {
    await untilReady('Redis', server, () => pingRedis(port, password), readyTimeoutMs);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url: `redis://:${password}@127.0.0.1:${port}/0`, stop: () => server.stop(), process: server };
}

/**
 * Starts a real Redis on a free port of 127.0.0.1, with a password drawn anew each time.
 * @throws DevstackError with a sentence that says what to do.
 */
export async function startRedis(options: RedisOptions): Promise<RunningServer> {
  await mkdir(options.folder, { recursive: true });
  const binary = await findRedisBinary(options.binaryFolder, options.onProgress);
  await clearLeftOver(options.folder);
  let last: unknown;
  for (let attempt = 0; attempt < portAttemptsMax; attempt += 1) {
    try {
      return await startOnPort(binary, options);
    } catch (error) {
      last = error;
      if (!(error instanceof DevstackError && error.message.includes('already in use'))) throw error;
    }
  }
  throw last;
}
