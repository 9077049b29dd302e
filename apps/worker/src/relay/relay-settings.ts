/** How events get from Postgres through the fair queue into BullMQ. Durations in milliseconds. */
export interface RelaySettings {
  /** What a lost wake-up costs. */
  readonly pollMs: number;
  /** A job that gave no sign of life for so long is looked after. */
  readonly leaseMs: number;
  /** How often jobs under way give one. */
  readonly renewMs: number;
  /** How often jobs without a sign of life are looked for. */
  readonly recoveryMs: number;
  /** How often Postgres is compared with the queue. */
  readonly sweepMs: number;
  /** An event that is younger is on its way into the queue by itself. */
  readonly sweepAgeMs: number;
  /** Events that one look of the sweep offers, of the newest and of all others each. */
  readonly sweepEventsMax: number;
  /**
   * Jobs that may wait in BullMQ, beside one for each free place of a worker. Few, so that a flood stays in the fair queue, where its order can still be decided,
   * and so that batches grow by themselves while the workers are busy.
   */
  readonly jobsWaitingMax: number;
  readonly eventsPerJobMax: number;
  /**
   * Events that a worker has in its hands before it begins no further job, but for a tenant that has none in hand. The
   * default is for four guest threads; a worker goes by how many it has (`eventsPerGuestThread`).
   */
  readonly eventsAtOnceMax: number;
  /**
   * The same while others come: for {@link othersMs} after a tenant came that had nothing in hand. An event costs every
   * tenant beside it a turn on the processors, at a dozen places from the api to the commit.
   */
  readonly eventsBesideOthersMax: number;
  readonly othersMs: number;
  /**
   * With so many events in its hands a worker has enough to do for a moment, and after a look that took all there was
   * nobody waits: what comes within this time of it gathers and shares a job, a question to Postgres and a commit. An
   * event that comes alone waits for nothing. At 500 events a second that is a quarter of all CPU time.
   */
  readonly gatherFromEvents: number;
  readonly gatherMs: number;
  /** Instead of {@link gatherMs} where a tenant has come that had nothing in hand. */
  readonly newcomerGatherMs: number;
}

export const defaultRelaySettings: RelaySettings = {
  pollMs: 250,
  leaseMs: 6_000,
  renewMs: 2_000,
  recoveryMs: 1_000,
  sweepMs: 1_000,
  sweepAgeMs: 3_000,
  sweepEventsMax: 1_000,
  jobsWaitingMax: 1,
  eventsPerJobMax: 100,
  eventsAtOnceMax: 400,
  eventsBesideOthersMax: 100,
  othersMs: 1_000,
  gatherFromEvents: 50,
  gatherMs: 15,
  newcomerGatherMs: 2,
};
