import type { Id } from '@tenon/contracts';

/** An event that asks to be run. */
export interface WaitingEvent {
  readonly id: Id<'event'>;
  readonly tenantId: Id<'tenant'>;
  /** 0 to 9, 9 first; 5 where it is absent. */
  readonly priority?: number;
  /** Milliseconds since 1970; the event is not dispatched before. */
  readonly notBeforeMs?: number;
}

/** Events of one tenant that go into one job. */
export interface DispatchedBatch {
  /** Unique over all time, so it may be BullMQ's id of the job. */
  readonly jobId: string;
  readonly tenantId: Id<'tenant'>;
  readonly eventIds: readonly Id<'event'>[];
}

/** What whoever dispatches has room for. */
export interface DispatchRoom {
  readonly jobsMax: number;
  /** Of one job. */
  readonly eventsMax: number;
  /**
   * Of all jobs: once there are as many, only a tenant that has nothing in hand and whose turn it is gets a job, a small
   * one, so that a newcomer waits for nobody's batch. Absent: no bound.
   */
  readonly eventsRoom?: number;
}

/** What a tenant may have of the machine. */
export interface TenantShare {
  /** Its share against that of others: with twice the weight it gets twice the cost. 0.001 to 1,000. */
  readonly weight: number;
  /** Events in hand at once, 1 to 1,000,000. */
  readonly concurrencyMax: number;
}

/** Where the queue stands as a whole. */
export interface FairQueueStats {
  /** Events that wait, delayed ones included. */
  readonly waiting: number;
  /** Events that were dispatched and are not settled. */
  readonly inHand: number;
  /** Tenants that have events in line now; delayed ones don't count. */
  readonly tenants: number;
}

/**
 * Decides whose events run next: those of the tenant that has used the least, weighted by its share. `docs/scheduling.md`
 * says what it guarantees. All state is in Redis and can be made again by offering what Postgres holds.
 *
 * Every method is one round trip (more than 1,000 events: one per 1,000) and fails where Redis is away.
 */
export interface FairQueue {
  /**
   * Puts events in line; one that waits or is in hand already is not added twice, whatever it says this time. What is
   * new wakes the relays, see `listenForRelayWake`.
   *
   * @throws RangeError for a priority or time that is none
   */
  offer(events: readonly WaitingEvent[]): Promise<void>;
  /**
   * Picks micro-batches and takes their events in hand, under a lease: up to `jobsMax` (at most 64) batches of up to
   * `eventsMax` (at most 200) events, less where a tenant's cap or the cost of its events says so.
   */
  dispatch(room: DispatchRoom): Promise<readonly DispatchedBatch[]>;
  /**
   * A job has ended. Frees its places under the cap, and corrects what was charged by what it really used. Settling
   * twice does nothing the second time.
   *
   * @param fuelUsed - by all runs of the job; undefined where nobody knows, then the estimate stands
   * @param again - events that must come again, now or later; they are in line even if Redis has lost the job
   */
  settle(
    jobId: string,
    tenantId: Id<'tenant'>,
    fuelUsed: number | undefined,
    again?: readonly WaitingEvent[],
  ): Promise<void>;
  /**
   * Batches whose lease ran out. Whoever asks is given one lease's time to look what became of the job and to `settle`
   * or `renew` it; nobody else is shown it meanwhile.
   */
  expired(limit: number): Promise<readonly DispatchedBatch[]>;
  /** Gives jobs that are still under way a new lease. */
  renew(jobIds: readonly string[]): Promise<void>;
  /**
   * Takes events out of the line, because they were cancelled or held.
   *
   * @returns how many were in line; the others are in hand, or unknown
   */
  remove(events: readonly Pick<WaitingEvent, 'id' | 'tenantId'>[]): Promise<number>;
  /** @throws RangeError for a weight or cap out of bounds */
  setTenant(tenantId: Id<'tenant'>, share: TenantShare): Promise<void>;
  /** The same for many: what a rebuild of Redis starts with. */
  setTenants(shares: ReadonlyMap<Id<'tenant'>, TenantShare>): Promise<void>;
  /** Removes what is kept about a tenant, its events in line included. Jobs in hand go when they are settled. */
  forgetTenant(tenantId: Id<'tenant'>): Promise<void>;
  stats(): Promise<FairQueueStats>;
  close(): Promise<void>;
}
