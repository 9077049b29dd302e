import { once } from 'node:events';
import { readFile, readlink, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type GuardedProcess, startGuarded } from '@tenon/devstack';

const readyTimeoutMs = 30_000;

/** How a running server was started, so that it can be started again on its port. Linux only: it is read from /proc. */
export interface StartedLike {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: { readonly uid: number; readonly gid: number };
}

export async function startedLike(pid: number, args?: readonly string[]): Promise<StartedLike> {
  const [commandLine, environment, status] = await Promise.all(
    ['cmdline', 'environ', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')),
  );
  const env = Object.fromEntries(
    (environment ?? '').split('\0').flatMap((entry) => {
      const at = entry.indexOf('=');
      return at < 1 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]];
    }),
  );
  const idOf = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status ?? '')?.[1]);
  return {
    program: await readlink(`/proc/${pid}/exe`),
    args: args ?? (commandLine ?? '').split('\0').slice(1, -1),
    env,
    cwd: await readlink(`/proc/${pid}/cwd`),
    user: { uid: idOf('Uid'), gid: idOf('Gid') },
  };
}

/** Starts a server again and waits until its port is open. */
export async function startAgain(like: StartedLike, url: string, logFile: string): Promise<GuardedProcess> {
  const { uid, gid } = like.user;
  const server = await startGuarded({
    program: like.program,
    args: [...like.args],
    env: like.env,
    cwd: like.cwd,
    stopSignal: like.program.includes('postgres') ? 'SIGINT' : 'SIGTERM',
    output: { logFile },
    ...(uid === process.getuid?.() ? {} : { user: { name: 'server', uid, gid } }),
  });
  await untilOpen(Number(new URL(url).port));
  return server;
}

/** Ends a process at once and returns when it is gone. */
export async function killHard(pid: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  process.kill(pid, signal);
  const deadline = performance.now() + readyTimeoutMs;
  while (performance.now() < deadline) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await delay(5);
  }
  throw new Error(`process ${pid} does not end`);
}

/** What Redis had written down is gone: it comes back empty. */
export async function wipeRedis(dataFolder: string): Promise<void> {
  await Promise.all(
    ['appendonlydir', 'dump.rdb'].map((name) => rm(path.join(dataFolder, name), { recursive: true, force: true })),
  );
}

async function untilOpen(port: number): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  while (performance.now() < deadline) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await delay(20);
  }
  throw new Error(`nothing listens on port ${port}`);
}
