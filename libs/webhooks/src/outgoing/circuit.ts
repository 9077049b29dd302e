/** Attempts in a row that fail until an endpoint is left alone. */
export const failuresUntilOpen = 10;
const openMsMin = 30_000;
const openMsMax = 15 * 60_000;

/** Whether only one message at a time is tried: the circuit was open, and nobody knows yet whether it should close. */
export function isProbing(failures: number): boolean {
  return failures >= failuresUntilOpen;
}

/**
 * How long an endpoint is left alone after so many failures in a row: half a minute at the tenth, twice as long with
 * each probe that fails, a quarter of an hour at most. Undefined: go on.
 */
export function openMs(failures: number): number | undefined {
  if (failures < failuresUntilOpen) return undefined;
  return Math.min(openMsMin * 2 ** Math.min(failures - failuresUntilOpen, 20), openMsMax);
}
