import type { HoldReason, Id, QuotaLimits, QuotaState } from '@tenon/contracts';

/** How full one bucket of requests is. */
export interface BucketState {
  /** The burst: requests that may come at once after a pause. */
  readonly limit: number;
  readonly remaining: number;
  /** Until all of the burst is there again. */
  readonly resetMs: number;
  /** In which an empty burst refills. */
  readonly windowMs: number;
}

/** Who asks. An operator's key counts by itself; a tenant's key counts for its tenant too. */
export interface RequestCaller {
  readonly tenantId?: Id<'tenant'> | undefined;
  /** The id of the key or of the person; absent for a webhook. */
  readonly actor?: string | undefined;
}

/** Whether a request may go on. */
export interface RequestVerdict {
  readonly admitted: boolean;
  readonly tenant?: BucketState | undefined;
  readonly key?: BucketState | undefined;
  /** Until another request can be admitted; 0 where one can be now. */
  readonly retryAfterMs: number;
}

/** Events that may run from the same time on. */
export interface EventGroup {
  readonly count: number;
  /** Milliseconds since 1970; absent: now. They count in the minute and in the month of this time. */
  readonly dueMs?: number | undefined;
}

/** How many events may become ready; the others are to be held. */
export interface EventsVerdict {
  readonly admitted: number;
  /** The budget that has no room for more; absent where all are admitted. */
  readonly reason?: HoldReason | undefined;
  /** Until that budget's next window; absent where it has none. */
  readonly resetMs?: number | undefined;
  /** How many may be in hand at once (`concurrentExecutionsMax`); absent where Redis is away. */
  readonly inHandMax?: number | undefined;
}

/** What was used and is in Postgres. */
export interface UsedQuota {
  readonly tenantId: Id<'tenant'>;
  /** Events that were admitted and are finished now. */
  readonly events: number;
  /** Synchronous runs that ended. What they took teaches what the next ones take; their room they gave back. Default: 0. */
  readonly runs?: number | undefined;
  readonly executions: number;
  readonly instructions: number;
}

/** A budget of which most is used; given once per window. */
export interface QuotaWarning {
  readonly tenantId: Id<'tenant'>;
  readonly quota: HoldReason;
  readonly used: number;
  readonly limit: number;
  /** Until the window ends. */
  readonly resetMs: number;
}

/** What Postgres says about a tenant: the counts in Redis are made again from it. */
export interface TenantTruth {
  readonly plan: string;
  readonly limits: QuotaLimits;
  /** Of the month that was asked for. */
  readonly executions: number;
  readonly instructions: number;
}

/** What is asked of Postgres. */
export interface QuotaSource {
  /** Null where there is no such tenant. */
  read(tenantId: Id<'tenant'>, monthStart: Date): Promise<TenantTruth | null>;
  storedBytes(tenantId: Id<'tenant'>): Promise<number>;
}

/**
 * Holds tenants to the quotas of their plans. Counts are in Redis, one round trip per call; callers that come together
 * share it. While Redis is away requests are bounded by each process for itself and events are admitted: see
 * `docs/quotas.md`.
 */
export interface Quotas {
  /** Counts a request; no promise where it was counted in advance. Never throws. */
  admitRequest(caller: RequestCaller): RequestVerdict | Promise<RequestVerdict>;
  /** Admits as many of `count` events as the budgets have room for. Never throws. */
  admitEvents(tenantId: Id<'tenant'>, count: number): Promise<EventsVerdict>;
  /** The same for events that may run at different times, one verdict for each group. Never throws. */
  admitGroups(tenantId: Id<'tenant'>, groups: readonly EventGroup[]): Promise<readonly EventsVerdict[]>;
  /** Admits held events, as many as there is room for. Never throws; none where Redis is away. */
  readmitEvents(tenantId: Id<'tenant'>, count: number): Promise<EventsVerdict>;
  /**
   * Counts events that wait without an admission (released by hand: `by` > 0), or that don't wait after all
   * (duplicates, cancelled ones: `by` < 0). Never throws.
   */
  changePending(tenantId: Id<'tenant'>, by: number): Promise<void>;
  /** Counts what was really used, after its commit. Never throws: what cannot be told to Redis is read again later. */
  report(used: readonly UsedQuota[]): Promise<readonly QuotaWarning[]>;
  /**
   * Where the tenant stands with each quota. While Redis is away: with those that Postgres can tell.
   *
   * @throws when Postgres does not answer
   */
  states(tenantId: Id<'tenant'>): Promise<readonly QuotaState[]>;
  /** The plan's new limits hold for all of its tenants from now on. */
  planChanged(plan: string, limits: QuotaLimits): Promise<void>;
  /** The tenant has another plan, or is gone: what is known about it is read again. */
  forgetTenant(tenantId: Id<'tenant'>): Promise<void>;
  /** True for one asker when the fair queue has to be told the shares of all tenants. @throws where Redis is away */
  claimShares(): Promise<boolean>;
  close(): Promise<void>;
}
