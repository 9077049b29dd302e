import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
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
  /** The signal on which this program shuts down cleanly. */
  readonly stopSignal: 'SIGINT' | 'SIGTERM';
  /** Where what it writes goes: into a file of its own, so that it can't block on us, or to us. */
  readonly output: { readonly logFile: string } | { readonly onText: (text: string) => void };
  /** Milliseconds between the signal and SIGKILL. Default 30,000. */
  readonly stopGraceMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly user?: SystemUser | undefined;
}

/** A process that can't outlive the one that started it. */
export interface GuardedProcess {
  readonly pid: number;
  /** Resolves when the process has ended, with a word on how. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  /** The last lines of the log, for an error message. */
  logTail(): Promise<string>;
  /** Asks the process to stop; after the grace it is killed. */
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

function spawnUnderGuard(options: GuardedProcessOptions, output: number | 'pipe'): ChildProcess {
  const signalName = options.stopSignal.slice('SIG'.length);
  return spawn('/bin/sh', ['-c', guardScript, 'tenon-guard', signalName, options.program, ...options.args], {
    // A session of its own: Ctrl-C in the terminal reaches us only, and we stop things in the right order.
    detached: true,
    cwd: options.cwd ?? '/',
    stdio: ['pipe', output, output],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', ...options.env },
    ...(options.user === undefined ? {} : { uid: options.user.uid, gid: options.user.gid }),
  });
}

async function spawnWithOutput(options: GuardedProcessOptions): Promise<ChildProcess> {
  const { output } = options;
  if ('onText' in output) {
    const child = spawnUnderGuard(options, 'pipe');
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', output.onText);
    return child;
  }
  await rotateLog(output.logFile);
  const log = openSync(output.logFile, 'a', 0o600);
  const child = spawnUnderGuard(options, log);
  closeSync(log);
  return child;
}

async function tailOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-8).join('\n');
}

function whenEnded(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      child.stdin?.destroy();
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
}

/** @throws when the shell cannot be started; a program that ends at once shows in `ended` and `logTail`. */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  const child = await spawnWithOutput(options);
  let over = false;
  const ended = whenEnded(child).then((how) => {
    over = true;
    return how;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  // It must not keep our event loop alive: whoever forgets `stop` still ends, and the guard cleans up.
  child.unref();
  child.stdin?.on('error', () => undefined);
  if (child.stdin !== null && 'unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => over,
    logTail: () => ('logFile' in options.output ? tailOf(options.output.logFile) : Promise.resolve('')),
    stop: async () => {
      if (over) return;
      child.ref();
      child.kill(options.stopSignal);
      const killTimer = setTimeout(() => child.kill('SIGKILL'), options.stopGraceMs ?? stopGraceMs);
      await ended;
      clearTimeout(killTimer);
    },
  };
}
