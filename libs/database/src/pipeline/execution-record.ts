import type { ExecutionResult, Id } from '@tenon/contracts';

export type ExecutionKind = 'event' | 'test' | 'sync' | 'replay';

/** One run, with all that is needed to understand it and to run it again. */
export interface ExecutionRecord extends ExecutionResult {
  /** `executionIdFor(event, function, attempt)` for events; a new id otherwise. */
  readonly id: Id<'execution'>;
  readonly kind: ExecutionKind;
  readonly eventId?: Id<'event'> | undefined;
  readonly functionId: Id<'function'>;
  readonly functionName: string;
  readonly versionId: Id<'version'>;
  readonly extensionPoint: string;
  readonly attempt: number;
  /** JSON text; left out where the policy says not to keep it. */
  readonly input?: string | undefined;
  readonly clockMs: number;
  readonly seed: string;
  /** Which build of the engine ran it. */
  readonly engine?: string | undefined;
  readonly startedAt: Date;
  /** Which state of the function's settings it ran with. */
  readonly settingsId?: Id<'settings'> | undefined;
  /** Where the function stood among those of its point; counts from 1. */
  readonly position?: number | undefined;
  /** SHA-256 over input and output in hexadecimal, whether they are kept or not. */
  readonly inputSha256?: string | undefined;
  readonly outputSha256?: string | undefined;
  /** Where the input is kept if not in `input`: as the data of its event, or in the storage under its hash. */
  readonly inputPlace?: 'event' | 'storage' | undefined;
  readonly outputPlace?: 'storage' | undefined;
}

/** What a list shows. */
export interface ExecutionSummary {
  readonly id: Id<'execution'>;
  readonly kind: ExecutionKind;
  readonly eventId: Id<'event'> | null;
  readonly functionId: Id<'function'>;
  readonly functionName: string;
  readonly versionId: Id<'version'>;
  readonly extensionPoint: string;
  readonly attempt: number;
  readonly outcome: ExecutionResult['outcome'];
  readonly message: string;
  readonly instructionsUsed: number;
  readonly fuelUsed: number;
  readonly memoryBytesPeak: number;
  readonly cpuUs: number;
  readonly wallUs: number;
  readonly startedAt: Date;
  readonly recordedAt: Date;
}

/** Everything that was recorded about a run. */
export interface StoredExecution extends ExecutionSummary {
  readonly input: string | null;
  readonly output: string | null;
  readonly log: string;
  readonly logBytesDropped: number;
  readonly limit: ExecutionResult['limit'] | null;
  readonly exitCode: number | null;
  readonly guestError: string | null;
  readonly backtrace: ExecutionResult['backtrace'] | null;
  readonly clockMs: number;
  readonly seed: string;
  readonly engine: string | null;
  readonly position: number | null;
  readonly inputSha256: string | null;
  readonly outputSha256: string | null;
  readonly inputPlace: 'event' | 'storage' | null;
  readonly outputPlace: 'storage' | null;
  /** The settings that a replay has to run with; null for none. */
  readonly settingsId: Id<'settings'> | null;
}
