import type { ExecutionRequest, ExecutionResult } from '@tenon/contracts';

/** Where the bytes of an artifact come from. They are loaded at most once per process that needs them. */
export interface ArtifactSource {
  /** The artifact's key: a SHA-256 as 64 hexadecimal characters. */
  readonly id: string;
  load(): Promise<Uint8Array>;
}

/** One execution on its way through the pool. Settled exactly once. */
export interface Job {
  readonly artifact: ArtifactSource;
  readonly tenantId: string;
  readonly request: ExecutionRequest;
  /** Size of the input and the settings as UTF-8. */
  readonly inputBytes: number;
  /** How often a process ended with this job in flight. */
  losses: number;
  /** What the run is likely to take, in milliseconds; set when it is sent to a process. */
  expectedMs: number;
  settle(result: ExecutionResult): void;
  /** The pool closed before the job ran. */
  reject(error: Error): void;
  /** True when the caller has given up; the job need not be sent any more. */
  isAbandoned(): boolean;
}
