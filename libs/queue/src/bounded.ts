/** What {@link bounded} throws. */
export class QueueTimeoutError extends Error {
  constructor(what: string, timeoutMs: number) {
    super(`${what} took longer than ${timeoutMs} ms; is Redis there?`);
    this.name = 'QueueTimeoutError';
  }
}

/**
 * The result of `work`, or a {@link QueueTimeoutError}. BullMQ waits without a bound for its first connection, so
 * every call that goes through it is bounded here. The work itself goes on; it must be harmless if it still succeeds.
 */
export async function bounded<Result>(what: string, timeoutMs: number, work: Promise<Result>): Promise<Result> {
  const { promise: elapsed, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new QueueTimeoutError(what, timeoutMs)), timeoutMs);
  try {
    return await Promise.race([work, elapsed]);
  } finally {
    clearTimeout(timer);
  }
}
