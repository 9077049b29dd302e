/** How the relay moves events from Postgres into BullMQ. Durations in milliseconds. */
export interface RelaySettings {
  /** What a lost wake-up costs. */
  readonly pollMs: number;
  /** After this long without an end, somebody asks whether a job still carries the event. */
  readonly leaseMs: number;
  /** How often it is asked. */
  readonly recoveryMs: number;
  /**
   * Jobs that may wait in BullMQ. Few, so that a flood stays in Postgres, where its order can still be decided, and so
   * that batches grow by themselves while the worker is busy.
   */
  readonly jobsWaitingMax: number;
  /** Events taken by one claim. */
  readonly claimMax: number;
  readonly eventsPerJobMax: number;
}

export const defaultRelaySettings: RelaySettings = {
  pollMs: 500,
  leaseMs: 5_000,
  recoveryMs: 1_000,
  jobsWaitingMax: 16,
  claimMax: 1_000,
  eventsPerJobMax: 50,
};
