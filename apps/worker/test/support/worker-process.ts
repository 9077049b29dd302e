import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot, waitFor } from '@tenon/testing';
import type { Shop } from './shop.js';
import { internalToken } from './worker-in-process.js';

/** Brings every dist/ up to date, because a process of its own runs what a user would run. */
export async function buildAll(): Promise<void> {
  await promisify(execFile)(process.execPath, [path.join(repositoryRoot, 'scripts/build.mjs')]);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A worker as a user runs it: its own process, which can be killed. */
export class WorkerProcess {
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-20_000);
      });
    }
  }

  static async start(shop: Shop): Promise<WorkerProcess> {
    const port = await freePort();
    const child = spawn(process.execPath, [path.join(repositoryRoot, 'apps/worker/dist/main.js')], {
      env: environment(shop, port),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const worker = new WorkerProcess(child, `http://127.0.0.1:${port}`);
    try {
      await waitFor('the worker to be ready', () => worker.isReady(), { timeoutMs: 20_000 });
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`the worker did not start:\n${worker.output}`, { cause: error });
    }
    return worker;
  }

  get log(): string {
    return this.output;
  }

  /** Kills every sandbox of this worker; Linux only. @returns how many there were. */
  async killSandboxes(): Promise<number> {
    const { pid: parent } = this.child;
    const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
    const pids = children
      .split(' ')
      .map(Number)
      .filter((pid) => pid > 0);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    return pids.length;
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** @returns the exit code. */
  async stop(): Promise<number | null> {
    await this.end('SIGTERM');
    return this.child.exitCode;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }

  private async isReady(): Promise<boolean> {
    if (this.child.exitCode !== null) throw new Error('it has exited');
    return (await fetch(`${this.url}/readyz`)).ok;
  }
}

function environment(shop: Shop, port: number): Record<string, string> {
  return {
    DATABASE_URL: shop.testDatabase.url,
    REDIS_URL: shop.testRedis.url,
    TENON_REDIS_PREFIX: shop.queue.prefix,
    TENON_DATA_DIR: shop.storageFolder,
    TENON_SECRET_KEY: randomBytes(32).toString('hex'),
    TENON_INTERNAL_TOKEN: internalToken,
    TENON_WORKER_PORT: String(port),
    TENON_SANDBOX_PROCESSES: '1',
    TENON_LOG_LEVEL: 'info',
  };
}
