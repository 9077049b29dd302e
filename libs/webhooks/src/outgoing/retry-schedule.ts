const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * Pauses before each attempt after the first, as Standard Webhooks 1.0 lists them; the last attempt is about three days
 * after the first. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const retryPausesMs: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

export const attemptsMax = retryPausesMs.length + 1;

/** Retries are moved by up to this part of their pause, either way, so that they don't all come at once. */
const jitter = 0.1;
/** An endpoint can't put us off for longer. */
const retryAfterMsMax = 24 * hour;

/**
 * How long to wait after `attempts` attempts, the last one of which failed.
 *
 * @param random from 0 to 1
 * @returns undefined when that was the last one
 */
export function retryPauseMs(attempts: number, random: number): number | undefined {
  const pause = retryPausesMs[attempts - 1];
  return pause === undefined ? undefined : Math.round(pause * (1 - jitter + 2 * jitter * random));
}

/** `Retry-After` in milliseconds from `nowMs`: seconds or a date (RFC 9110), a day at most; undefined if it is neither. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const waitMs = /^\d+$/.test(value) ? Number(value) * second : httpDateMs(value) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), retryAfterMsMax);
}

/** The one form of a date that RFC 9110 lets senders write; JavaScript would read much more than that. */
function httpDateMs(value: string): number {
  return /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value)
    ? Date.parse(value)
    : Number.NaN;
}
