import type { Id, Outcome } from '@tenon/contracts';
import type { EventTodo } from './event-work.repository.js';
import type { ExecutionRecord } from './execution-record.js';

/** What one job did, for one tenant. */
export interface RecordBatch {
  readonly executions: readonly ExecutionRecord[];
  /** Synchronous runs that the executions are of. */
  readonly runs?: number | undefined;
  /** Events that need no further run. A note says why one had none at all. */
  readonly doneEvents?: readonly DoneEvent[];
  /** Events of which something was recorded and that come again, or never will. */
  readonly againEvents?: readonly AgainEvent[];
  /** What several functions made of an event together. */
  readonly pointResults?: readonly PointResult[];
  /** Who ran it, for the audit: `system` unless a key asked for the run. */
  readonly actor?: string | undefined;
  readonly requestId?: string | undefined;
}

export interface RecordedBatch {
  /** Executions that were new. Those of a job that runs twice are new once. */
  readonly recorded: readonly Id<'execution'>[];
}

/** One tenant's part of a group that commits together. */
export interface TenantBatch {
  readonly tenantId: Id<'tenant'>;
  readonly batch: RecordBatch;
}

/** An event that needs no further run. */
export interface DoneEvent {
  readonly id: Id<'event'>;
  /** Attempts that it had when it was read; another number means that somebody else has recorded it since. Default: 0. */
  readonly attempts?: number | undefined;
  /** Why it ended without an execution. */
  readonly note?: string | undefined;
}

/** An event that comes again, or that was tried as often as it may be. */
export interface AgainEvent {
  readonly id: Id<'event'>;
  /** Attempts that it had when it was read. */
  readonly attempts: number;
  /** Attempts that it has now. */
  readonly attemptsNow: number;
  readonly failures: number;
  readonly status: 'ready' | 'dead';
  readonly reason: string;
  readonly notBefore?: Date | undefined;
  readonly todo?: EventTodo | undefined;
}

/** What the functions of one point made of one event together. */
export interface PointResult {
  readonly eventId: Id<'event'>;
  readonly extensionPoint: string;
  readonly attempt: number;
  readonly combination: string;
  readonly outcome: Outcome;
  /** JSON text. */
  readonly output?: string | undefined;
  /** Who ran, in what order, and who changed what. */
  readonly steps: readonly PointStep[];
}

/** One function of a point in its turn. */
export interface PointStep {
  readonly position: number;
  readonly functionId: Id<'function'>;
  readonly functionName: string;
  readonly executionId: Id<'execution'> | null;
  readonly outcome: Outcome | 'skipped';
  /** JSON Pointers to what the function changed of the combined output; cut where there are many. */
  readonly changed?: readonly string[];
  readonly note?: string;
}
