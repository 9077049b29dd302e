export const executionSettings = {
  /**
   * An event that was claimed this often without an end takes whoever runs it down with it. What fails on our side is
   * then recorded as `internal` at once instead of being tried for ever.
   */
  claimsMax: 20,
  /** Rows of one transaction; a batch with many functions per event is recorded in several. */
  executionsPerRecordMax: 500,
} as const;
