import type { AttemptRecord, EndpointNews } from '@tenon/database';
import { openMs, retryAfterMs, retryPauseMs, type SendResult } from '@tenon/webhooks';

/** What an answer means for the delivery and for its endpoint. */
export type Verdict = Pick<AttemptRecord, 'status' | 'nextAttemptAt' | 'endpoint'>;

const gone = 410;
/** Answers that say when to come again. */
const busy: ReadonlySet<number> = new Set([429, 503]);

/**
 * By Standard Webhooks: 2xx is delivered, 410 means that nobody wants any of it any more, everything else is tried
 * again. What 429 and 503 say in `Retry-After` holds for the endpoint as a whole.
 *
 * @param attempts how often it was tried, this time included
 * @param random from 0 to 1
 */
export function verdictOn(result: SendResult, attempts: number, nowMs: number, random: number): Verdict {
  const { statusCode } = result;
  if (statusCode !== null && statusCode >= 200 && statusCode < 300) {
    return { status: 'delivered', endpoint: { works: true, openUntil: () => null } };
  }
  if (statusCode === gone) {
    const endpoint = { ...troubleAt(nowMs, 0), disabledFor: 'The endpoint answered 410 Gone.' };
    return { status: 'failed', endpoint };
  }
  const waitMs = statusCode !== null && busy.has(statusCode) ? (retryAfterMs(result.retryAfter, nowMs) ?? 0) : 0;
  const endpoint = troubleAt(nowMs, waitMs);
  const pauseMs = retryPauseMs(attempts, random);
  if (pauseMs === undefined) return { status: 'failed', endpoint };
  return { status: 'pending', nextAttemptAt: new Date(nowMs + Math.max(pauseMs, waitMs)), endpoint };
}

function troubleAt(nowMs: number, waitMs: number): EndpointNews {
  return {
    works: false,
    openUntil: (failures) => {
      const pauseMs = Math.max(openMs(failures) ?? 0, waitMs);
      return pauseMs === 0 ? null : new Date(nowMs + pauseMs);
    },
  };
}
