import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { fetchDebianRedis, hasDebianTools } from './debian-redis.js';
import { DevstackError } from './errors.js';

const run = promisify(execFile);

export interface RedisBinary {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

const advice = `Tenon needs Redis 6.2 or later, or Valkey, and found none here. Any of these will do:
  Debian, Ubuntu   sudo apt-get install redis-server
  macOS            brew install redis
  Docker           docker run -d -p 127.0.0.1:6379:6379 redis:7   and then   REDIS_URL=redis://127.0.0.1:6379 npm start`;

async function problemOf(binary: RedisBinary): Promise<string | undefined> {
  try {
    await run(binary.program, ['--version'], { env: { PATH: process.env.PATH ?? '', ...binary.env } });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function libraryPath(root: string): Promise<string> {
  const base = path.join(root, 'usr/lib');
  const names = await readdir(base, { withFileTypes: true });
  const folders = names.filter((entry) => entry.isDirectory()).map((entry) => path.join(base, entry.name));
  return [base, ...folders].join(':');
}

/**
 * Finds a server program: on PATH, else from Debian's packages, unpacked into `folder` without root.
 * @throws DevstackError that says how to get one.
 */
export async function findRedisBinary(folder: string, onProgress: (line: string) => void): Promise<RedisBinary> {
  for (const program of ['redis-server', 'valkey-server']) {
    const binary = { program, env: {} };
    if ((await problemOf(binary)) === undefined) return binary;
  }
  if (!(await hasDebianTools())) throw new DevstackError(advice);
  const startedMs = performance.now();
  try {
    const root = await fetchDebianRedis(folder, () =>
      onProgress('Redis: fetching it from this machine’s Debian package sources (about 8 MB, nothing is installed)'),
    );
    const binary = {
      program: path.join(root, 'usr/bin/redis-server'),
      env: { LD_LIBRARY_PATH: await libraryPath(root) },
    };
    const problem = await problemOf(binary);
    if (problem !== undefined) throw new Error(problem);
    const seconds = (performance.now() - startedMs) / 1_000;
    if (seconds > 1) onProgress(`Redis: ready to start after ${seconds.toFixed(1)} s`);
    return binary;
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    throw new DevstackError(`${advice}\nFetching it from Debian's packages was tried and failed:\n${reason}`, {
      cause: error,
    });
  }
}
