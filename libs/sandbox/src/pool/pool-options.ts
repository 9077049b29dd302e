import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The part of a pino logger that the pool writes to. */
export interface SandboxLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLogger: SandboxLogger = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Every field has a default that suits one machine shared with the worker. */
export interface SandboxPoolOptions {
  /** Processes that tenants share. */
  readonly processes?: number;
  /** Guests that run at the same moment in one process; a thread more costs about 4 MB. */
  readonly threadsPerProcess?: number;
  /** Tenants whose components have a thread at the same moment in one process. */
  readonly tenantThreadsPerProcess?: number;
  /** Processes that serve one tenant alone, over all tenants. */
  readonly dedicatedProcessesMax?: number;
  /** A dedicated process without work for this long is ended. */
  readonly dedicatedIdleMs?: number;
  /** The folder with `run/` and `build/`; the default is what the production build writes. */
  readonly sandboxPath?: string;
  /** Compiled artifacts that one process keeps, by their size plus 32 kB each. */
  readonly cacheBytesMax?: number;
  /** Artifact bytes that the pool keeps, so that another process need not load them again. */
  readonly artifactBytesMax?: number;
  readonly recycleAfterExecutions?: number;
  /**
   * A process that holds more resident memory is replaced once it is idle. One that holds more than this and what its
   * runs may have, twice this at most, ends at once, and what was in flight runs again, each alone with half of it.
   */
  readonly rssBytesMax?: number;
  /** Executions that may wait for room; one more is refused with SandboxOverloadedError. */
  readonly queueMax?: number;
  /** V8 heap of one guest thread, in megabytes, beside 12 for young objects. */
  readonly threadHeapMbMax?: number;
  /** How long preparing an artifact in a thread may take. */
  readonly prepareMsMax?: number;
  readonly pingEveryMs?: number;
  /** How long a sandbox process may be silent while it has work. */
  readonly answerMsMax?: number;
  /** Uploads that are built at the same moment, at most one of each tenant. */
  readonly buildProcesses?: number;
  /** How long a build may take. */
  readonly buildMsMax?: number;
  readonly buildHeapMbMax?: number;
  /** A process that builds is replaced after so many builds. */
  readonly buildsPerProcess?: number;
  /** How long `close` waits for what is in flight. */
  readonly closeGraceMs?: number;
  /** The user and group of sandbox processes; needs root. Root's processes get one that owns nothing without it. */
  readonly uid?: number;
  readonly gid?: number;
  readonly logger?: SandboxLogger;
}

export type ResolvedPoolOptions = Required<Omit<SandboxPoolOptions, 'uid' | 'gid'>> & {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
};

const builtSandboxPath = fileURLToPath(new URL('../../../../apps/sandbox/dist/bundle', import.meta.url));

const defaults = {
  threadsPerProcess: 4,
  tenantThreadsPerProcess: 4,
  dedicatedProcessesMax: 16,
  dedicatedIdleMs: 60_000,
  cacheBytesMax: 512_000_000,
  artifactBytesMax: 128_000_000,
  recycleAfterExecutions: 1_000_000,
  rssBytesMax: 2_000_000_000,
  queueMax: 10_000,
  threadHeapMbMax: 192,
  prepareMsMax: 5_000,
  pingEveryMs: 1_000,
  answerMsMax: 5_000,
  buildProcesses: 2,
  buildMsMax: 30_000,
  buildHeapMbMax: 1_024,
  buildsPerProcess: 50,
  closeGraceMs: 5_000,
  logger: silentLogger,
} as const;

export function resolvePoolOptions(options: SandboxPoolOptions): ResolvedPoolOptions {
  return {
    ...defaults,
    processes: Math.max(1, Math.min(8, availableParallelism() - 1)),
    sandboxPath: builtSandboxPath,
    ...options,
  };
}
