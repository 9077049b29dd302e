import { Socket } from 'node:net';
import { commandLineOf, parentOf, startStampOf } from '@tenon/devstack';

/** One Ctrl-C arrives up to three times: from the terminal, from npm and from the launcher. */
const echoMs = 1_000;
const npmCheckMs = 2_000;
const npmGenerationsMax = 4;

/** Asked to stop, by a person or because whoever started us has gone. */
export class Stopped extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'Stopped';
  }
}

/** Between us and npm there may be a shell and the launcher. */
async function findNpm(): Promise<number | undefined> {
  let pid: number | undefined = process.ppid;
  for (let generation = 0; generation < npmGenerationsMax && pid !== undefined; generation += 1) {
    if ((await commandLineOf(pid)).startsWith('npm ')) return pid;
    pid = await parentOf(pid);
  }
  return undefined;
}

/** Killed with kill -9, npm leaves its children behind without a word. */
async function watchNpm(stop: (reason: string) => void): Promise<void> {
  const npm = process.env.npm_lifecycle_event === undefined ? undefined : await findNpm();
  if (npm === undefined) return;
  const stamp = await startStampOf(npm);
  setInterval(async () => {
    if ((await startStampOf(npm)) !== stamp) stop('npm has gone');
  }, npmCheckMs).unref();
}

function watchLauncher(stop: (reason: string) => void): void {
  const descriptor = Number(process.env.TENON_LAUNCHER_PIPE);
  if (!Number.isInteger(descriptor) || descriptor < 3) return;
  delete process.env.TENON_LAUNCHER_PIPE;
  // A socket, not a file stream: that would wait in a thread, and the end of the process would wait for the thread.
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false });
  pipe.on('error', () => undefined);
  pipe.once('close', () => stop('the launcher has gone'));
  pipe.resume();
  pipe.unref();
}

/**
 * A signal that aborts with {@link Stopped} on Ctrl-C, SIGTERM, SIGHUP, or when the launcher or npm has gone. Asked a
 * second time, a second later, the process ends at once; the guards clean up behind it.
 */
export function listenForStop(): AbortSignal {
  const controller = new AbortController();
  const stop = (reason: string) => controller.abort(new Stopped(reason));
  let firstMs = Number.POSITIVE_INFINITY;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (performance.now() - firstMs > echoMs) process.exit(130);
      firstMs = Math.min(firstMs, performance.now());
      stop(name === 'SIGINT' ? 'Ctrl-C' : name);
    });
  }
  watchLauncher(stop);
  void watchNpm(stop);
  return controller.signal;
}

/** Resolves when `signal` aborts. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
