import type { RequestVerdict } from '@tenon/quota';
import { RetryLaterError } from '../http/retry-later.error.js';
import { seconds } from './rate-limit-fields.js';

/** What whoever asks too much is told: when the next request can be admitted. */
export function tooManyRequests({ retryAfterMs }: Pick<RequestVerdict, 'retryAfterMs'>): RetryLaterError {
  const waitS = Math.max(1, seconds(retryAfterMs));
  return new RetryLaterError('rate_limited', `Too many requests; the next one may come in ${waitS} s.`, waitS);
}
