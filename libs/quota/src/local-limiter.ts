import { defaultQuotaLimits } from '@tenon/contracts';
import type { BucketState, RequestCaller, RequestVerdict } from './quota.types.js';

const callersMax = 20_000;

interface Bucket {
  readonly limit: number;
  readonly windowMs: number;
  /** When all of the burst is there again, on this process's clock. */
  wholeAtMs: number;
}

/**
 * Bounds requests in this process alone, for as long as Redis is away: with what was last known of each caller's
 * limits, else with the defaults. With several processes a caller may get as many times its rate.
 */
export class LocalLimiter {
  readonly #buckets = new Map<string, Bucket>();

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** Remembers the limits that a verdict showed. */
  learn(caller: RequestCaller, verdict: Pick<RequestVerdict, 'tenant' | 'key'>): void {
    if (caller.tenantId !== undefined) this.#note(caller.tenantId, verdict.tenant);
    if (caller.actor !== undefined) this.#note(caller.actor, verdict.key);
  }

  admit(caller: RequestCaller): RequestVerdict {
    const names = [caller.tenantId, caller.actor].filter((name) => name !== undefined);
    const buckets = names.map((name) => this.#bucketOf(name));
    const waitMs = Math.max(0, ...buckets.map((bucket) => this.#waitMs(bucket)));
    if (waitMs === 0) for (const bucket of buckets) this.#take(bucket);
    const stateOf = (name: string | undefined) => (name === undefined ? undefined : this.#state(this.#bucketOf(name)));
    return {
      admitted: waitMs === 0,
      retryAfterMs: waitMs,
      tenant: stateOf(caller.tenantId),
      key: stateOf(caller.actor),
    };
  }

  #note(name: string, shown: BucketState | undefined): void {
    if (shown === undefined) return;
    const known = this.#buckets.get(name);
    if (known?.limit === shown.limit && known.windowMs === shown.windowMs) return;
    this.#set(name, { limit: shown.limit, windowMs: shown.windowMs, wholeAtMs: 0 });
  }

  #bucketOf(name: string): Bucket {
    const { requestsBurst: limit, requestsPerSecond } = defaultQuotaLimits;
    return (
      this.#buckets.get(name) ?? this.#set(name, { limit, windowMs: (limit * 1_000) / requestsPerSecond, wholeAtMs: 0 })
    );
  }

  /** Forgetting makes room and lets callers have a new burst; both are bounded. */
  #set(name: string, bucket: Bucket): Bucket {
    if (this.#buckets.size >= callersMax) this.#buckets.clear();
    this.#buckets.set(name, bucket);
    return bucket;
  }

  #waitMs({ limit, windowMs, wholeAtMs }: Bucket): number {
    return Math.max(0, wholeAtMs + windowMs / limit - this.nowMs() - windowMs);
  }

  #take(bucket: Bucket): void {
    bucket.wholeAtMs = Math.max(bucket.wholeAtMs, this.nowMs()) + bucket.windowMs / bucket.limit;
  }

  #state({ limit, windowMs, wholeAtMs }: Bucket): BucketState {
    const resetMs = Math.max(0, wholeAtMs - this.nowMs());
    return { limit, windowMs, resetMs, remaining: Math.max(0, Math.floor(limit - (resetMs * limit) / windowMs)) };
  }
}
