export const executionSettings = {
  /** What fails on our side is tried so often in all; then it is recorded as `internal`, and the event is dead. */
  triesMax: 5,
  /** Before the second try; it doubles from there. Longer troubles are for the relay, which feeds the events again. */
  retryPauseMs: 200,
  /** Before a job that failed as a whole comes again, because Postgres is away. */
  jobPauseMs: 1_000,
  /** Rows of one transaction; a batch with many functions per event is recorded in several. */
  executionsPerRecordMax: 500,
  /**
   * Rows of a transaction that several batches share. More save nothing any more, and everybody's single event waits
   * longer for the processors behind them.
   */
  executionsShared: 100,
  /**
   * Characters of inputs, outputs and logs in one transaction, if it has more than one event: runs with full logs are a
   * hundred times as large as others, and whoever shares their commit waits for all of it.
   */
  charactersPerRecordMax: 4_000_000,
  /** Batches in one commit. */
  batchesPerRecordMax: 100,
  /** Commits under way at once. One: what comes meanwhile shares the next, and a commit costs as much as ten of its rows. */
  commitsMax: 1,
} as const;
