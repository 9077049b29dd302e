import type { BucketState, RequestCaller, RequestVerdict } from './quota.types.js';

/** At most so much of what is left is taken in advance, so that other processes find the rest. */
const share = 1 / 8;

type Buckets = Pick<RequestVerdict, 'tenant' | 'key'>;

/**
 * Requests of one caller that are counted already and have not come yet: who asks a lot and has a lot left waits for no
 * round trip. What does not come is given back.
 */
export class RequestCredit {
  #left = 0;
  #shown: Buckets = {};
  #shownAtMs = 0;
  /** Requests that came since the last review, and between the two before. */
  #came = 0;
  #cameBefore = 0;

  constructor(
    readonly caller: RequestCaller,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** A request has come. Undefined where Redis has to be asked. */
  take(): RequestVerdict | undefined {
    this.#came += 1;
    return this.#left > 0 ? this.#admitted() : undefined;
  }

  /** Whether it is time to ask, before the next request has to wait for it. */
  get isLow(): boolean {
    const missing = this.#missing();
    return missing > 0 && missing >= 3 * this.#left;
  }

  /** Whether more is left than is likely to be used. */
  get isHigh(): boolean {
    return this.#missing() < 0;
  }

  /** How many to count beside those that have come; negative where some are given back, which can't be taken any more. */
  adjust(): number {
    const missing = this.#missing();
    if (missing < 0) this.#left += missing;
    return missing;
  }

  /** @param granted - requests that were counted, for those that have come and in advance */
  grant(granted: number, shown: Buckets): void {
    this.#left += granted;
    this.#shown = shown;
    this.#shownAtMs = this.nowMs();
  }

  /** Lets in as many of `requests` that have come as there is credit for. */
  admit(requests: number): readonly RequestVerdict[] {
    const admitted = Math.min(requests, this.#left);
    this.#left -= admitted;
    const verdict = this.#verdict();
    return Array.from({ length: admitted }, () => verdict);
  }

  /** False where nothing came and nothing is left. */
  review(): boolean {
    this.#cameBefore = this.#came;
    this.#came = 0;
    return this.#cameBefore > 0 || this.#left > 0;
  }

  #admitted(): RequestVerdict {
    this.#left -= 1;
    return this.#verdict();
  }

  #verdict(): RequestVerdict {
    const { tenant, key } = this.#shown;
    return { admitted: true, retryAfterMs: 0, tenant: this.#state(tenant), key: this.#state(key) };
  }

  #missing(): number {
    const remaining = [this.#shown.tenant, this.#shown.key].flatMap((bucket) => bucket?.remaining ?? []);
    const most = remaining.length === 0 ? 0 : Math.floor(Math.min(...remaining) * share);
    return Math.min(most, Math.max(this.#came, this.#cameBefore)) - this.#left;
  }

  /** As Redis would say it now: what is left in advance is not used, and what has refilled since is there. */
  #state(bucket: BucketState | undefined): BucketState | undefined {
    if (bucket === undefined) return undefined;
    const { limit, windowMs } = bucket;
    const sinceMs = this.nowMs() - this.#shownAtMs;
    const resetMs = bucket.resetMs - sinceMs - (this.#left * windowMs) / limit;
    const remaining = bucket.remaining + this.#left + Math.floor((sinceMs * limit) / windowMs);
    // One was just used.
    return { limit, windowMs, remaining: Math.min(limit - 1, remaining), resetMs: Math.max(0, resetMs) };
  }
}
