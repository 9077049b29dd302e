import type { CachedArtifact } from './artifact-cache.js';

/** One run as the supervisor sees it: encoded, with the deadline that it keeps. */
export interface Task {
  readonly id: number;
  readonly artifact: CachedArtifact;
  /** Stands for the tenant between the threads of this process. */
  readonly tenant: number;
  readonly deadlineMs: number;
  readonly run: Buffer;
  /** How often a thread ended before it came to this run, or while another one was to blame. */
  restarts: number;
}
