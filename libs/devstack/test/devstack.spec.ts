import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { repositoryRoot, testStack, waitFor } from '@tenon/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { z } from 'zod';
import { claimFolder, type Devstack, DevstackError, isAlive, startDevstack, startStampOf } from '../src/index.js';

const redisBinaryFolder = path.join(repositoryRoot, '.tenon/redis/server');
const itAsRoot = process.getuid?.() === 0 ? it : it.skip;
const announcement = z.object({ databaseUrl: z.string(), redisUrl: z.string(), pids: z.array(z.int()) });

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

async function withRedis<Value>(url: string, work: (redis: Redis) => Promise<Value>): Promise<Value> {
  const redis = new Redis(url, { retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** Gone, or a zombie that only waits for its parent to notice. */
async function hasEnded(pid: number): Promise<boolean> {
  return !isAlive(pid) || (await startStampOf(pid)) === '';
}

// Starting and stopping databases is disk and CPU; a machine that is busy with other tests takes its time.
jest.setTimeout(180_000);

describe('startDevstack', () => {
  let folder: string;
  const stacks: Devstack[] = [];
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    // Compiles what the child process imports, and fetches Redis where this machine has none.
    await testStack();
    folder = await mkdtemp(path.join(tmpdir(), 'tenon-devstack-'));
    await chmod(folder, 0o711);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(stacks.splice(0).map((stack) => stack.stop()));
    await waitFor('the servers to leave their folder', async () => {
      await rm(folder, { recursive: true, force: true });
      return true;
    });
  });

  async function start(): Promise<Devstack> {
    const stack = await startDevstack({ folder, redisBinaryFolder });
    stacks.push(stack);
    return stack;
  }

  async function startAndAnnounce() {
    const script = path.join(repositoryRoot, 'libs/devstack/test/crash-fixture.mjs');
    const child = spawn(process.execPath, [script, folder, redisBinaryFolder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    return { child, ...announcement.parse(JSON.parse(String(line))) };
  }

  it('keeps what was written from one start to the next', async () => {
    const first = await start();
    await ask(first.postgres.url, 'create table kept as select 42 as answer');
    await withRedis(first.redis.url, (redis) => redis.set('kept', '42'));
    await first.stop();
    const second = await start();
    expect(await ask(second.postgres.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(await withRedis(second.redis.url, (redis) => redis.get('kept'))).toBe('42');
  });

  it('lets nobody in without the password, and listens on loopback only', async () => {
    const stack = await start();
    const url = new URL(stack.postgres.url);
    url.password = 'guess';
    await expect(ask(url.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect(
      await ask(
        stack.postgres.url,
        "select setting from pg_settings where name in ('listen_addresses', 'unix_socket_directories') order by name",
      ),
    ).toEqual([{ setting: '127.0.0.1' }, { setting: '' }]);
    await expect(withRedis(stack.redis.url.replace(/:[^:@/]+@/, ':guess@'), (redis) => redis.ping())).rejects.toThrow(
      /WRONGPASS|NOAUTH/,
    );
    expect(await withRedis(stack.redis.url, (redis) => redis.config('GET', 'bind'))).toEqual(['bind', '127.0.0.1']);
  });

  it('keeps passwords out of command lines and out of reach of other users', async () => {
    const stack = await start();
    for (const server of [stack.postgres, stack.redis]) {
      const commandLine = await readFile(`/proc/${server.process?.pid}/cmdline`, 'utf8').catch(() => '');
      expect(commandLine).not.toContain(new URL(server.url).password);
    }
    for (const file of ['postgres/password', 'redis/data/redis.conf']) {
      expect((await stat(path.join(folder, file))).mode & 0o077).toBe(0);
    }
  });

  it('stops both servers when the process that started them is killed with kill -9', async () => {
    const { child, pids } = await startAndAnnounce();
    child.kill('SIGKILL');
    for (const pid of pids) await waitFor(`process ${pid} to end`, () => hasEnded(pid));
  });

  it('starts again after a kill -9 of everything, with what was committed', async () => {
    const { child, databaseUrl, pids } = await startAndAnnounce();
    await ask(databaseUrl, 'create table kept as select 42 as answer');
    for (const pid of [child.pid ?? 0, ...pids]) process.kill(pid, 'SIGKILL');
    const stack = await start();
    expect(await ask(stack.postgres.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('takes over from servers that an earlier start left behind', async () => {
    const { pids } = await startAndAnnounce();
    const stack = await start();
    for (const pid of pids) await waitFor(`process ${pid} to end`, () => hasEnded(pid));
    expect(await ask(stack.postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  itAsRoot(
    'keeps its data outside of a folder that the server can not enter, and starts afresh once that is deleted',
    async () => {
      await chmod(folder, 0o700);
      const closed = path.join(folder, 'closed');
      const startClosed = async () => {
        const stack = await startDevstack({ folder: closed, redisBinaryFolder });
        stacks.push(stack);
        return stack;
      };
      const first = await startClosed();
      await ask(first.postgres.url, 'create table kept as select 42 as answer');
      await first.stop();
      const second = await startClosed();
      expect(await ask(second.postgres.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
      await second.stop();
      await rm(closed, { recursive: true });
      const third = await startClosed();
      expect(await ask(third.postgres.url, "select 1 from pg_tables where tablename = 'kept'")).toEqual([]);
    },
  );

  it('uses what it is pointed at and starts nothing then', async () => {
    const stack = await startDevstack({
      folder,
      databaseUrl: 'postgresql://elsewhere/x',
      redisUrl: 'redis://elsewhere',
    });
    expect(stack.postgres).toMatchObject({ url: 'postgresql://elsewhere/x' });
    expect(stack.postgres.process ?? stack.redis.process).toBeUndefined();
    await stack.stop();
  });
});

describe('claimFolder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tenon-claim-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('refuses a folder that a running process holds, and says which', async () => {
    const release = await claimFolder(folder);
    const second = claimFolder(folder);
    await expect(second).rejects.toThrow(DevstackError);
    await expect(second).rejects.toThrow(`process ${process.pid}`);
    await release();
    await (await claimFolder(folder))();
  });

  it.each([
    ['whose process has ended', { pid: 2 ** 22 + 1, startStamp: '1' }],
    ['whose process id now belongs to another process', { pid: process.pid, startStamp: '1' }],
    ['that is half written', '{"pid":'],
  ])('takes over a claim %s', async (_case, owner) => {
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'owner.json'), typeof owner === 'string' ? owner : JSON.stringify(owner));
    await (await claimFolder(folder))();
  });
});
