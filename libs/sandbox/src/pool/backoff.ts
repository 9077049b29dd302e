const firstMs = 100;
const longestMs = 30_000;

/** How long to wait before the n-th start in a row that follows a failure (n from 1), in milliseconds. */
export function backoffMs(failuresInARow: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(failuresInARow - 1, 20));
}
