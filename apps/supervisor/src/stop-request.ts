import { createReadStream } from 'node:fs';

const parentCheckMs = 1_000;

/** Asked to stop, by a person or because whoever started us has gone. */
export class Stopped extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'Stopped';
  }
}

/** npm dies without a word to its children when it is killed; a shell that started us may well end before us. */
function watchNpm(stop: (reason: string) => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop('npm has gone');
  }, parentCheckMs).unref();
}

function watchLauncher(stop: (reason: string) => void): void {
  const descriptor = Number(process.env.TENON_LAUNCHER_PIPE);
  if (!Number.isInteger(descriptor) || descriptor < 3) return;
  delete process.env.TENON_LAUNCHER_PIPE;
  const pipe = createReadStream('', { fd: descriptor });
  pipe.on('error', () => undefined);
  pipe.once('close', () => stop('the launcher has gone'));
  pipe.resume();
}

/**
 * A signal that aborts with {@link Stopped} on Ctrl-C, SIGTERM, SIGHUP, or when the launcher or npm has gone. Asked a
 * second time, the process ends at once; the guards clean up behind it.
 */
export function listenForStop(): AbortSignal {
  const controller = new AbortController();
  const stop = (reason: string) => controller.abort(new Stopped(reason));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      stop(name === 'SIGINT' ? 'Ctrl-C' : name);
    });
  }
  watchLauncher(stop);
  watchNpm(stop);
  return controller.signal;
}

/** Resolves when `signal` aborts. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
