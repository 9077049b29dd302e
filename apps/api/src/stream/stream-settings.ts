/** Bounds of the live stream; docs/queries.md explains them. */
export const streamSettings = {
  /** Open streams of one api process, and of one tenant in it. */
  streamsMax: 2_000,
  streamsPerTenantMax: 1_000,
  /** What waits for one slow reader; beyond that, the oldest go and are counted. */
  bufferEventsMax: 500,
  bufferBytesMax: 128_000,
  /** Given to a connection at once; it holds one such portion and what the operating system takes. */
  portionBytesMax: 16_000,
  /** How far back a stream can go on, in runs and in entries of the audit chain. */
  resumeRunsMax: 10_000,
  resumeEntriesMax: 20_000,
  /** In one read: audit entries (one for each batch of runs) and runs. */
  entriesPerReadMax: 100,
  runsPerReadMax: 1_000,
  /** Runs that are in memory for one stream that catches up: a log may take 32 kB. */
  runsInHandMax: { withLogs: 10, plain: 100 },
  /** Readers of a tenant have this long to make room for more, which covers asking whether they may still read. */
  roomWaitMsMax: 250,
  /** A lost announcement costs this much. */
  pollMs: 5_000,
  /** Proxies close connections on which nothing moves for a minute. */
  heartbeatMs: 15_000,
  /** No run is shown to a key or session that was revoked longer ago than this. */
  recheckMs: 500,
} as const;
