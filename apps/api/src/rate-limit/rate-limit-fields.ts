import type { QuotaState } from '@tenon/contracts';
import type { BucketState, RequestVerdict } from '@tenon/quota';

/** The two header fields of draft-ietf-httpapi-ratelimit-headers: what is granted, and what is left of it. */
export type RateLimitFields = Readonly<Record<'ratelimit-policy' | 'ratelimit', string>>;

/** One quota as the fields name it. Names are ours and need no escaping; the numbers are Integers of RFC 9651. */
interface Item {
  readonly name: string;
  readonly quota: number;
  readonly remaining: number;
  readonly windowS?: number | undefined;
  readonly resetS?: number | undefined;
}

/** The largest Integer of a structured field. */
const integerMax = 999_999_999_999_999;
/** Rounding of sums must not turn 2 s into 3. */
const slackMs = 10;

/** What a request is told: how its tenant and its key stand after it. Undefined for a caller without a bucket. */
export function requestFields({ tenant, key }: Pick<RequestVerdict, 'tenant' | 'key'>): RateLimitFields | undefined {
  const [first, second] = [bucketItem('requests', tenant), bucketItem('key_requests', key)];
  // Spelt out, because every answer has them.
  if (first === undefined) return second && { 'ratelimit-policy': policyOf(second), ratelimit: leftOf(second) };
  if (second === undefined) return { 'ratelimit-policy': policyOf(first), ratelimit: leftOf(first) };
  return {
    'ratelimit-policy': `${policyOf(first)}, ${policyOf(second)}`,
    ratelimit: `${leftOf(first)}, ${leftOf(second)}`,
  };
}

/** What `GET /v1/usage` tells beside its answer: the same numbers. */
export function quotaFields(states: readonly QuotaState[], nowMs: number): RateLimitFields | undefined {
  const items = states.map(({ name, limit, remaining, resetsAt }) => ({
    name,
    quota: limit,
    remaining,
    ...(resetsAt === undefined ? {} : { resetS: seconds(Date.parse(resetsAt) - nowMs) }),
    ...(windowOf(name) === undefined ? {} : { windowS: windowOf(name) }),
  }));
  return items.length === 0 ? undefined : fieldsOf(items);
}

/** Whole seconds, rounded up: whoever waits that long has waited long enough. */
export function seconds(ms: number): number {
  return Math.max(0, Math.ceil((ms - slackMs) / 1_000));
}

function windowOf(name: string): number | undefined {
  return name.endsWith('_per_minute') ? 60 : undefined;
}

function bucketItem(name: string, bucket: BucketState | undefined): Item | undefined {
  if (bucket === undefined) return undefined;
  const { limit, remaining, windowMs, resetMs } = bucket;
  return { name, quota: limit, remaining, windowS: Math.max(1, seconds(windowMs)), resetS: seconds(resetMs) };
}

function fieldsOf(items: readonly Item[]): RateLimitFields {
  return { 'ratelimit-policy': items.map(policyOf).join(', '), ratelimit: items.map(leftOf).join(', ') };
}

function policyOf({ name, quota, windowS }: Item): string {
  return `"${name}"${parameter('q', quota)}${parameter('w', windowS)}`;
}

function leftOf({ name, remaining, resetS }: Item): string {
  return `"${name}"${parameter('r', remaining)}${parameter('t', resetS)}`;
}

function parameter(key: string, value: number | undefined): string {
  return value === undefined ? '' : `;${key}=${Math.min(integerMax, Math.max(0, Math.floor(value)))}`;
}
