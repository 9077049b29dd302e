import { Redis } from 'ioredis';

/** How to reach the queues. */
export interface QueueOptions {
  /** `redis://` or `rediss://`; may carry a password, so it never goes into a log. */
  readonly redisUrl: string;
  /** See `queueKeys`. */
  readonly prefix: string;
  /** Pause before the second attempt of a job; it doubles from there. Default: 1,000 for builds, 200 for executions. */
  readonly retryPauseMs?: number;
  /** Connection errors, one per outage and connection; the connection itself goes on trying. */
  readonly onError?: (error: Error) => void;
}

/** Long enough for a Redis that forks to save, short enough that a caller over HTTP still gets an answer. */
export const commandTimeoutMs = 3_000;
const reconnectMsMax = 1_000;

/** For producers: every command ends within {@link commandTimeoutMs}, with an error where Redis is away. */
export function connectForCommands(options: QueueOptions): Redis {
  return connect(options, { commandTimeout: commandTimeoutMs, maxRetriesPerRequest: 1 });
}

/** For consumers, which block: a command waits until Redis is back. */
export function connectForBlocking(options: QueueOptions): Redis {
  return connect(options, { maxRetriesPerRequest: null });
}

function connect(options: QueueOptions, more: { commandTimeout?: number; maxRetriesPerRequest: number | null }): Redis {
  const redis = new Redis(options.redisUrl, {
    ...more,
    retryStrategy: (attempt) => Math.min(50 * attempt, reconnectMsMax),
  });
  reportOutages(redis, options.onError);
  return redis;
}

/** While Redis is away every attempt to connect fails; one report per outage is enough. */
function reportOutages(redis: Redis, onError: QueueOptions['onError']): void {
  let reported = false;
  redis.on('ready', () => {
    reported = false;
  });
  redis.on('error', (error: Error) => {
    if (!reported) onError?.(error);
    reported = true;
  });
}
