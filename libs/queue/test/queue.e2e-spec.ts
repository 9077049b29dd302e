import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ExecutionJob, newId } from '@tenon/contracts';
import {
  consumeBuilds,
  consumeExecutions,
  type JobRun,
  listenForRelayWake,
  openFairQueue,
  openQueueProducer,
  type QueueOptions,
  queueKeys,
} from '@tenon/queue';
import { createTestRedis, type TestRedis, waitFor } from '@tenon/testing';
import { Redis } from 'ioredis';

let server: TestRedis;
let prefixes = 0;
const opened: Array<() => Promise<void>> = [];

/** A prefix of its own per test, so that no test sees another's jobs. */
function freshOptions(): QueueOptions {
  prefixes += 1;
  return { redisUrl: server.url, prefix: `${server.prefix}-${prefixes}`, retryPauseMs: 5 };
}

function producerFor(options: QueueOptions) {
  const producer = openQueueProducer(options);
  opened.push(() => producer.close());
  return producer;
}

async function useRedis<Result>(work: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(server.url);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

function executionJob(events: number): ExecutionJob {
  return { tenantId: newId('tenant'), eventIds: Array.from({ length: events }, () => newId('event')) };
}

beforeAll(async () => {
  server = await createTestRedis();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()));
});
afterAll(() => server.close());

describe('jobs', () => {
  it('carries every job to a handler once', async () => {
    const options = freshOptions();
    const producer = producerFor(options);
    const jobs = Array.from({ length: 30 }, (_, index) => executionJob(index + 1));
    const seen: ExecutionJob[] = [];
    const consumer = consumeExecutions({ ...options, concurrency: 4 }, async (job) => {
      seen.push(job);
    });
    opened.push(() => consumer.close(1_000));
    await producer.enqueueExecutions(jobs);
    await waitFor('all jobs to be handled', () => seen.length >= jobs.length);
    expect(new Set(seen.map((job) => job.tenantId))).toEqual(new Set(jobs.map((job) => job.tenantId)));
    expect(seen).toHaveLength(jobs.length);
  });

  it('adds a job that still waits only once, and again after it has ended', async () => {
    const options = freshOptions();
    const producer = producerFor(options);
    const build = { tenantId: newId('tenant'), versionId: newId('version') };
    await producer.enqueueBuild(build);
    await producer.enqueueBuild(build);
    let handled = 0;
    const consumer = consumeBuilds({ ...options, concurrency: 4 }, async () => {
      handled += 1;
    });
    opened.push(() => consumer.close(1_000));
    await waitFor('the build', () => handled === 1);
    await waitFor('a second build to be possible', async () => {
      await producer.enqueueBuild(build);
      return handled === 2;
    });
  });

  it('tries a job that throws again, counts the attempts, and says when it is given up', async () => {
    const options = freshOptions();
    const producer = producerFor(options);
    const runs: JobRun[] = [];
    const givenUp: string[] = [];
    const consumer = consumeExecutions(
      { ...options, concurrency: 1, onGivenUp: (_id, error) => givenUp.push(error.message) },
      async (_job, run) => {
        runs.push(run);
        throw new Error('still broken');
      },
    );
    opened.push(() => consumer.close(1_000));
    await producer.enqueueExecutions([executionJob(1)]);
    await waitFor('the job to be given up', () => givenUp.length === 1, { timeoutMs: 20_000 });
    expect(givenUp).toEqual(['still broken']);
    expect(runs.map((run) => run.attempt)).toEqual([1, 2, 3, 4, 5]);
    expect(runs.map((run) => run.lastAttempt)).toEqual([false, false, false, false, true]);
  });

  it('knows which events are in flight, until their job has ended', async () => {
    const options = freshOptions();
    const producer = producerFor(options);
    const [waiting, active] = [executionJob(3), executionJob(2)];
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await producer.enqueueExecutions([active]);
    const consumer = consumeExecutions({ ...options, concurrency: 1 }, () => released);
    opened.push(() => consumer.close(1_000));
    await waitFor('the first job to run', async () => (await producer.executionsWaiting()) === 0);
    await producer.enqueueExecutions([waiting]);
    expect(await producer.executionsWaiting()).toBe(1);
    expect(await producer.eventsInFlight(10)).toEqual(new Set([...active.eventIds, ...waiting.eventIds]));
    expect(await producer.eventsInFlight(1)).toBeUndefined();
    release();
    await waitFor('nothing to be in flight', async () => (await producer.eventsInFlight(10))?.size === 0);
  });

  it('does not hand a malformed job to its handler', async () => {
    const options = freshOptions();
    const producer = producerFor(options);
    const good = executionJob(1);
    await producer.enqueueExecutions([good]);
    await useRedis(async (redis) => {
      const [key] = await redis.keys(`${queueKeys(options.prefix).bull}:executions:${good.tenantId}*`);
      await redis.hset(key ?? '', 'data', '{"tenantId":"tnt_1","eventIds":[]}');
    });
    const givenUp: string[] = [];
    let handled = 0;
    const consumer = consumeExecutions(
      { ...options, concurrency: 1, onGivenUp: (_id, error) => givenUp.push(error.message) },
      async () => {
        handled += 1;
      },
    );
    opened.push(() => consumer.close(1_000));
    await waitFor('the job to be given up', () => givenUp.length === 1);
    expect(handled).toBe(0);
    expect(givenUp[0]).toMatch(/payload/);
  });

  it('waits for running handlers on close, but not for ever', async () => {
    const options = freshOptions();
    const producer = producerFor(options);
    let begun = false;
    const consumer = consumeExecutions({ ...options, concurrency: 1 }, async () => {
      begun = true;
      await new Promise(() => undefined);
    });
    await producer.enqueueExecutions([executionJob(1)]);
    await waitFor('the job to run', () => begun);
    const closing = performance.now();
    await consumer.close(100);
    expect(performance.now() - closing).toBeLessThan(3_000);
  });
});

describe('relay wake-up', () => {
  it('reaches every listener, once or more, however many calls are made', async () => {
    const options = freshOptions();
    const producer = producerFor(options);
    const wakes = [0, 0];
    const listeners = wakes.map((_, index) =>
      listenForRelayWake(options, () => {
        wakes[index] = (wakes[index] ?? 0) + 1;
      }),
    );
    for (const listener of listeners) opened.push(() => listener.close());
    await waitFor('both to be subscribed', () => wakes.every((count) => count > 0));
    const before = [...wakes];
    for (let call = 0; call < 1_000; call += 1) producer.wakeRelay();
    await waitFor('both to be woken', () => wakes.every((count, index) => count > (before[index] ?? 0)));
    expect(Math.max(...wakes)).toBeLessThan(1_000);
  });

  it('says whether it is for a tenant that had nothing in line or in hand', async () => {
    const options = freshOptions();
    const fair = openFairQueue(options);
    opened.push(() => fair.close());
    const wakes: boolean[] = [];
    const listener = listenForRelayWake(options, (isNewcomer) => wakes.push(isNewcomer));
    opened.push(() => listener.close());
    await waitFor('the first wake, of the connection', () => wakes.length === 1);
    const tenantId = newId('tenant');
    const offer = (changes: { notBeforeMs?: number } = {}) =>
      fair.offer([{ id: newId('event'), tenantId, ...changes }]);
    const dispatch = () => fair.dispatch({ jobsMax: 1, eventsMax: 10 });
    // Delayed, which is neither in line nor in hand; the first; with one in line; with two in hand; with nothing again.
    await offer({ notBeforeMs: Date.now() + 60_000 });
    await offer();
    await offer();
    const [batch] = await dispatch();
    await offer();
    const [second] = await dispatch();
    for (const { jobId } of [batch, second].filter((one) => one !== undefined)) await fair.settle(jobId, tenantId, 1);
    await offer();
    await waitFor('all wakes', () => wakes.length === 6);
    expect(wakes).toEqual([false, false, true, false, false, true]);
  });

  it('comes with an offer of something new, and with no other', async () => {
    const options = freshOptions();
    const fair = openFairQueue(options);
    opened.push(() => fair.close());
    const listener = new Redis(server.url);
    opened.push(async () => listener.disconnect());
    let wakes = 0;
    listener.on('message', () => {
      wakes += 1;
    });
    await listener.subscribe(queueKeys(options.prefix).relayWakeChannel);
    const tenantId = newId('tenant');
    const [known, fresh] = [newId('event'), newId('event')];
    const offer = (id: typeof known) => fair.offer([{ id, tenantId }]);
    for (const id of [known, known, fresh]) await offer(id);
    // Messages keep their order, so a wake of the second offer would come before that of the third.
    await waitFor('the last wake', () => wakes >= 2);
    await listener.ping();
    expect(wakes).toBe(2);
  });
});

describe('the marker', () => {
  it('tells a Redis that was wiped from one that was not', async () => {
    const options = freshOptions();
    const producer = producerFor(options);
    expect(await producer.markRedis()).toBe(false);
    expect(await producer.markRedis()).toBe(true);
    await useRedis((redis) => redis.del(queueKeys(options.prefix).relayMarker));
    expect(await producer.markRedis()).toBe(false);
  });
});

describe('without Redis', () => {
  it('fails within seconds instead of waiting for ever', async () => {
    const errors: Error[] = [];
    const producer = producerFor({
      redisUrl: 'redis://127.0.0.1:1',
      prefix: 'nowhere',
      onError: (error) => errors.push(error),
    });
    producer.wakeRelay();
    await expect(producer.ping()).rejects.toThrow();
    await expect(producer.enqueueExecutions([executionJob(1)])).rejects.toThrow();
    await waitFor('the errors to be reported', () => errors.length > 0);
  });
});
