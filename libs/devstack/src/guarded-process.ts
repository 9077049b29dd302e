import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { isAlive } from './process-table.js';
import type { SystemUser } from './system-user.js';

const logBytesMax = 2_000_000;
const stopGraceMs = 30_000;

/**
 * The watcher holds the reading end of a pipe whose only writer is us. The pipe ends when we end, whichever way, also
 * by kill -9, and then the watcher stops the server. It is orphaned on purpose: Postgres must not find a child that
 * it did not start. `$$` stays the id of this shell, which `exec` turns into the server itself.
 */
const guardScript = `
signal=$1; shift
exec 3<&0
( ( while read -r line; do :; done
    kill -s "$signal" $$ || exit 0
    tries=0
    while kill -0 $$ && [ "$tries" -lt 30 ]; do sleep 1; tries=$((tries + 1)); done
    kill -s KILL $$
  ) <&3 >/dev/null 2>&1 & )
exec "$@" </dev/null 3<&-
`;

export interface GuardedProcessOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** The signal on which this server shuts down cleanly and at once. */
  readonly stopSignal: 'SIGINT' | 'SIGTERM';
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: SystemUser | undefined;
}

/** A server that can't outlive the process that started it. */
export interface GuardedProcess {
  readonly pid: number;
  /** Resolves when the server has ended. */
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  /** The last lines of the log, for an error message. */
  logTail(): Promise<string>;
  /** Asks the server to stop; after 30 seconds it is killed. */
  stop(): Promise<void>;
}

/** One old log is kept, so a server that restarts for years fills no disk. */
async function rotateLog(file: string): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size < logBytesMax) return;
  await rm(`${file}.1`, { force: true });
  await rename(file, `${file}.1`);
}

function spawnUnderGuard(options: GuardedProcessOptions, log: number): ChildProcess {
  const signalName = options.stopSignal.slice('SIG'.length);
  return spawn('/bin/sh', ['-c', guardScript, 'tenon-guard', signalName, options.program, ...options.args], {
    // A session of its own: Ctrl-C in the terminal reaches us only, and we stop things in the right order.
    detached: true,
    cwd: '/',
    stdio: ['pipe', log, log],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', ...options.env },
    ...(options.user === undefined ? {} : { uid: options.user.uid, gid: options.user.gid }),
  });
}

/** @throws when the shell cannot be started; a server that ends at once shows in `ended` and `logTail`. */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  await rotateLog(options.logFile);
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawnUnderGuard(options, log);
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid ?? 0;
  let over = false;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      over = true;
      child.stdin?.destroy();
      resolve();
    });
  });
  // The servers must not keep our event loop alive: whoever forgets `stop` still ends, and the guard cleans up.
  child.unref();
  child.stdin?.on('error', () => undefined);
  if (child.stdin !== null && 'unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return {
    pid,
    ended,
    hasEnded: () => over,
    logTail: async () =>
      (await readFile(options.logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-8).join('\n'),
    stop: () => stopChild(child, options.stopSignal, ended, () => over),
  };
}

async function stopChild(
  child: ChildProcess,
  signal: NodeJS.Signals,
  ended: Promise<void>,
  hasEnded: () => boolean,
): Promise<void> {
  if (hasEnded() || child.pid === undefined || !isAlive(child.pid)) return;
  child.ref();
  child.kill(signal);
  const killTimer = setTimeout(() => child.kill('SIGKILL'), stopGraceMs);
  await ended;
  clearTimeout(killTimer);
}
