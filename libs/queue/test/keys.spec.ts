import { describe, expect, it } from '@jest/globals';
import { type ExecutionJob, newId } from '@tenon/contracts';
import { queueKeys } from '@tenon/queue';
import { executionJobId } from '../src/job-id.js';

describe('queue keys', () => {
  it('begin with the prefix, lie in one slot of a cluster, and differ', () => {
    const keys = Object.values(queueKeys('tenon'));
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^tenon:\{queues\}:/);
  });

  it.each(['', 'a:b', 'a b', '{a}', 'x'.repeat(33)])('refuse the prefix %j', (prefix) => {
    expect(() => queueKeys(prefix)).toThrow(RangeError);
  });
});

describe('ids of execution jobs', () => {
  const job: ExecutionJob = { tenantId: newId('tenant'), eventIds: [newId('event'), newId('event')] };

  it('are the same for the same events and fit BullMQ, which allows no colon', () => {
    expect(executionJobId(job)).toBe(executionJobId({ ...job, eventIds: [...job.eventIds] }));
    expect(executionJobId(job)).not.toContain(':');
  });

  it('differ with tenant, events and order', () => {
    const others: ExecutionJob[] = [
      { ...job, tenantId: newId('tenant') },
      { ...job, eventIds: job.eventIds.slice(1) },
      { ...job, eventIds: job.eventIds.toReversed() },
    ];
    expect(new Set([job, ...others].map(executionJobId)).size).toBe(4);
  });
});
