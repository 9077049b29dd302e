import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createTestDatabase,
  createTestRedis,
  repositoryRoot,
  type TestDatabase,
  type TestRedis,
  waitFor,
} from '@tenon/testing';
import { z } from 'zod';

const devSchema = z.object({ url: z.string(), operatorKey: z.string(), tenantId: z.string(), tenantKey: z.string() });
const processesSchema = z.object({ api: z.object({ pid: z.int() }), worker: z.object({ pid: z.int() }) });
/** Where a process shows its environment to its owner. */
const itOnLinux = process.platform === 'linux' ? it : it.skip;
const slow = { timeoutMs: 60_000 };

describe('npm start', () => {
  let folder: string;
  let database: TestDatabase;
  let redis: TestRedis;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase({ migrated: false }), createTestRedis()]);
    folder = await mkdtemp(path.join(tmpdir(), 'tenon-supervisor-'));
  });
  afterAll(async () => {
    for (const child of children) await end(child, 'SIGTERM');
    await Promise.all([database.drop(), redis.close(), rm(folder, { recursive: true, force: true })]);
  });

  function start(...args: string[]): { child: ChildProcess; output: () => string } {
    const child = spawn(process.execPath, ['scripts/start.mjs', ...args], {
      cwd: repositoryRoot,
      // As under an older Node, whose launcher holds the other end of the fourth stream.
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: database.ownerUrl,
        REDIS_URL: redis.url,
        TENON_STATE_DIR: folder,
        TENON_HTTP_PORT: '0',
        TENON_LAUNCHER_PIPE: '3',
      },
    });
    children.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    return { child, output: () => text };
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await waitFor('the supervisor to end', () => child.exitCode !== null || child.signalCode !== null, slow);
  }

  async function readState<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.output<Schema>> {
    return schema.parse(JSON.parse(await readFile(path.join(folder, file), 'utf8')));
  }

  async function sendEvent(id: string): Promise<string> {
    const dev = await readState('dev.json', devSchema);
    const data = { currency: 'EUR', lines: [{ sku: 'tea', quantity: 12, unitPrice: 450 }] };
    const response = await fetch(`${dev.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${dev.tenantKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ specversion: '1.0', id, source: '/test', type: 'cart.updated', data }),
    });
    expect(response.status).toBe(202);
    return z.object({ ids: z.array(z.string()).length(1) }).parse(await response.json()).ids[0] ?? '';
  }

  async function outcomesOf(eventId: string): Promise<readonly string[]> {
    const dev = await readState('dev.json', devSchema);
    const response = await fetch(`${dev.url}/v1/executions?event=${eventId}`, {
      headers: { authorization: `Bearer ${dev.tenantKey}` },
    });
    const page = z.object({ items: z.array(z.object({ outcome: z.string() })) }).parse(await response.json());
    return page.items.map(({ outcome }) => outcome);
  }

  it('comes up, shows the sample execution, and leaves keys that work for this user only', async () => {
    const { child, output } = start();
    await waitFor(
      'the closing print',
      () => {
        if (child.exitCode !== null) throw new Error(output());
        return output().includes('Tenon is up');
      },
      slow,
    );
    expect(output()).toMatch(/outcome +succeeded/);
    expect(output()).toMatch(/instructions +[1-9][\d,]* of 11,000,000/);
    expect(output()).toContain('/docs');
    expect((await stat(path.join(folder, 'dev.json'))).mode & 0o077).toBe(0);
    const eventId = await sendEvent('first');
    await waitFor('the execution', async () => (await outcomesOf(eventId)).includes('succeeded'), slow);
  }, 120_000);

  itOnLinux('gives api and worker no login that owns anything', async () => {
    const { api, worker } = await readState('processes.json', processesSchema);
    for (const { pid } of [api, worker]) {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
      expect(environment).toContain('tenon_runtime');
      expect(environment).not.toContain(new URL(database.ownerUrl).password);
    }
  });

  it('refuses a second start in the same folder', async () => {
    const { child, output } = start('--once');
    await waitFor('the second start to end', () => child.exitCode !== null, slow);
    expect(child.exitCode).toBe(1);
    expect(output()).toContain('is in use by process');
  }, 120_000);

  it('starts a worker that was killed again, and loses no event meanwhile', async () => {
    const before = await readState('processes.json', processesSchema);
    process.kill(before.worker.pid, 'SIGKILL');
    const eventId = await sendEvent('while-the-worker-is-away');
    await waitFor('the execution', async () => (await outcomesOf(eventId)).length === 1, slow);
    const after = await readState('processes.json', processesSchema);
    expect(after.worker.pid).not.toBe(before.worker.pid);
    expect(after.api.pid).toBe(before.api.pid);
  }, 120_000);

  it('leaves no process behind after a kill -9, and starts again with the same tenant and keys', async () => {
    const before = await readState('dev.json', devSchema);
    const [running] = children;
    if (running === undefined) throw new Error('the first test did not start anything');
    await end(running, 'SIGKILL');
    const { child, output } = start('--once');
    await waitFor('the second start to end', () => child.exitCode !== null, slow);
    expect(output()).toMatch(/outcome +succeeded/);
    expect(child.exitCode).toBe(0);
    const { url: _before, ...kept } = before;
    expect(await readState('dev.json', devSchema)).toMatchObject(kept);
    await expect(fetch(`${before.url}/healthz`)).rejects.toThrow('fetch failed');
  }, 120_000);
});
