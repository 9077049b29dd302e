import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

/** What a sandbox process is for; builds need to read the component tools, runs need nothing. */
export type SandboxRole = 'run' | 'build';

export interface LaunchOptions {
  readonly role: SandboxRole;
  /** The folder that holds `run/` and `build/`. */
  readonly bundlePath: string;
  /**
   * Heap of every thread, in megabytes. Leave it out where threads have limits of their own: V8 lets the flag win over
   * a thread's own limit.
   */
  readonly heapMbMax?: number;
  /** Folders that the build role may read besides its own. */
  readonly readPaths?: readonly string[];
}

/** The most a contract lets one memory have is 1 GiB; no memory may be larger, whatever a module asks for. */
const memoryPagesMax = 16_384;
/** Machine code of all modules of a process, in megabytes. */
const codeMbMax = 1_024;

/**
 * How far a guest thread's heap may grow beyond what the last collection left, in percent. V8 takes the pace from the
 * limit of the heap, and collects one of 192 MB whenever it has grown by 30 %: after every hundred runs or so, which took
 * more CPU than the runs. An instance is garbage as soon as its run has ended, so a collection costs the marking of the
 * 5 MB that stay, and fewer are cheaper. A thread comes to rest 10 MB higher; its limit holds as before. With 600 a run
 * costs a little less still, but a process needs tens of thousands of runs to come to rest.
 */
const heapGrowingPercent = 250;

/** Node's arguments for a sandbox; docs/security-model.md says what each of them closes. */
export function launchArguments(options: LaunchOptions): string[] {
  // The permission model compares real paths. A folder that is missing is reported by the process that can't start.
  const wanted = path.join(options.bundlePath, options.role);
  const folder = existsSync(wanted) ? realpathSync(wanted) : wanted;
  return [
    '--permission',
    '--allow-worker',
    `--allow-fs-read=${folder}${path.sep}`,
    ...(options.readPaths ?? []).map((readPath) => `--allow-fs-read=${readPath}`),
    '--no-addons',
    '--disable-sigusr1',
    '--disable-proto=delete',
    '--disallow-code-generation-from-strings',
    '--no-experimental-websocket',
    '--no-experimental-eventsource',
    '--no-experimental-global-navigator',
    '--no-experimental-webstorage',
    '--no-experimental-sqlite',
    '--no-experimental-ffi',
    '--no-warnings',
    '--unhandled-rejections=throw',
    ...(options.heapMbMax === undefined ? [] : [`--max-old-space-size=${options.heapMbMax}`]),
    ...(options.role === 'run' ? [`--heap-growing-percent=${heapGrowingPercent}`] : []),
    `--wasm-max-mem-pages=${memoryPagesMax}`,
    `--wasm-max-committed-code-mb=${codeMbMax}`,
    path.join(folder, 'main.mjs'),
  ];
}
