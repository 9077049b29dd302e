// Taken at once: a guest thread gives up `process` before it runs anything.
const { hrtime } = process;

/** The bits of a word that hold a time; those above are free for whoever keeps one. */
export const timeMask = (1 << 30) - 1;

/** Milliseconds on the machine's monotonic clock, which all threads share, as a 30-bit number that wraps. */
export function sharedNowMs(): number {
  const [seconds, nanoseconds] = hrtime();
  return ((seconds % 1_000_000) * 1_000 + Math.floor(nanoseconds / 1_000_000)) & timeMask;
}

/**
 * Time between two readings of `sharedNowMs`, right across a wrap. Zero when `sinceMs` is later: another thread may have
 * read the clock after this one did.
 */
export function elapsedMs(sinceMs: number, nowMs: number): number {
  const difference = (nowMs - sinceMs) & timeMask;
  return difference > timeMask / 2 ? 0 : difference;
}
