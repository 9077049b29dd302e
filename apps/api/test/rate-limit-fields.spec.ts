import { describe, expect, it } from '@jest/globals';
import { quotaFields, requestFields, seconds } from '../src/rate-limit/rate-limit-fields.js';

describe('the RateLimit fields', () => {
  const bucket = { limit: 100, remaining: 42, windowMs: 2_500, resetMs: 1_200 };

  it('name what tenant and key are granted and what is left', () => {
    expect(requestFields({ tenant: bucket, key: { ...bucket, limit: 10, remaining: 0 } })).toEqual({
      'ratelimit-policy': '"requests";q=100;w=3, "key_requests";q=10;w=3',
      ratelimit: '"requests";r=42;t=2, "key_requests";r=0;t=2',
    });
    expect(requestFields({ key: bucket })?.ratelimit).toBe('"key_requests";r=42;t=2');
    expect(requestFields({})).toBeUndefined();
  });

  it('hold whole numbers that fit a structured field, whatever the quota is', () => {
    const nowMs = Date.parse('2026-11-21T10:00:00.000Z');
    const big = { used: 0, warning: false, limit: 1e15, remaining: 1e15 };
    const fields = quotaFields(
      [
        { ...big, name: 'instructions_per_month', resetsAt: '2026-12-01T00:00:00.000Z' },
        { ...big, name: 'executions_per_minute', limit: 5.9, remaining: 0.4, resetsAt: '2026-11-21T09:59:00.000Z' },
        { ...big, name: 'stored_bytes', remaining: -5 },
      ],
      nowMs,
    );
    expect(fields).toEqual({
      'ratelimit-policy':
        '"instructions_per_month";q=999999999999999, "executions_per_minute";q=5;w=60, "stored_bytes";q=999999999999999',
      ratelimit:
        '"instructions_per_month";r=999999999999999;t=828000, "executions_per_minute";r=0;t=0, "stored_bytes";r=0',
    });
    expect(quotaFields([], nowMs)).toBeUndefined();
  });

  it('round seconds up, so that whoever waits has waited long enough', () => {
    expect([0, 1, 11, 999, 1_000, 1_009, 1_011, -5].map(seconds)).toEqual([0, 0, 1, 1, 1, 1, 2, 0]);
  });
});
