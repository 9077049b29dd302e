/** How a sandbox process is to work; the first frame that it gets. */
export interface SandboxConfiguration {
  /** Guests of core modules that may run at the same moment. */
  readonly threads: number;
  /** Tenants whose components may have a thread of their own at the same moment. */
  readonly tenantThreads: number;
  /** Compiled modules and glue that stay in memory, by the size of their artifacts. */
  readonly cacheBytesMax: number;
  /** V8 heap of one guest thread, in megabytes: JavaScript of components and objects of WebAssembly's own collector. */
  readonly threadHeapMbMax: number;
  /** How long compiling and preparing one artifact may take. */
  readonly prepareMsMax: number;
  /** With runs in flight, a process with more resident memory than this and what those runs may have ends itself. */
  readonly rssBytesMax: number;
}

/** Why a sandbox process ended itself. */
export const sandboxExitCodes = {
  /** A thread could not be ended. */
  threadStuck: 70,
  memoryRanAway: 71,
} as const;

/** What a sandbox process says about itself, in `ready` and `pong`. */
export interface SandboxVitals {
  readonly rssBytes: number;
  readonly cachedArtifacts: number;
  readonly cachedBytes: number;
  readonly threadsEnded: number;
}
