import { type BuildJob, buildJobSchema, type ExecutionJob, executionJobSchema } from '@tenon/contracts';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import type { z } from 'zod';
import { bounded } from './bounded.js';
import { connectForBlocking, type QueueOptions } from './connection.js';
import { queueKeys, queueNames } from './keys.js';

/**
 * A job whose worker was killed is taken up again after at most {@link lockMs} + two checks, about 6 s. The lock is
 * renewed every {@link lockRenewMs} for as long as the job takes, so slow jobs are not taken from a living worker.
 */
const lockMs = 4_000;
const lockRenewMs = 1_000;
const stalledCheckMs = 1_000;
/** A job that takes its worker down this often is given up; the relay then feeds its events again, with their own bound. */
const stalledMax = 3;
const closeStepMsMax = 2_000;

/** What a handler learns about the run of its job. */
export interface JobRun {
  readonly jobId: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** An error on this attempt ends the job. */
  readonly lastAttempt: boolean;
}

export type JobHandler<Payload> = (job: Payload, run: JobRun) => Promise<void>;

export interface ConsumerOptions extends QueueOptions {
  /** Jobs handled at the same time. */
  readonly concurrency: number;
  /** A job ended without success and will not be tried again. */
  readonly onGivenUp?: (jobId: string, error: Error) => void;
}

export interface QueueConsumer {
  /** Takes no further job, and returns when those under way have ended; after `timeoutMs` it leaves them to recovery. */
  close(timeoutMs: number): Promise<void>;
}

/** Handles jobs of the queue `builds`; a handler that throws is tried again with back-off. */
export function consumeBuilds(options: ConsumerOptions, handler: JobHandler<BuildJob>): QueueConsumer {
  return consume(queueNames.builds, buildJobSchema, options, handler);
}

/** Handles jobs of the queue `executions`; a handler that throws is tried again with back-off. */
export function consumeExecutions(options: ConsumerOptions, handler: JobHandler<ExecutionJob>): QueueConsumer {
  return consume(queueNames.executions, executionJobSchema, options, handler);
}

function consume<Payload>(
  name: string,
  schema: z.ZodType<Payload>,
  options: ConsumerOptions,
  handler: JobHandler<Payload>,
): QueueConsumer {
  const redis = connectForBlocking(options);
  const running = new Set<Promise<void>>();
  const process = (job: Job) => {
    const run = handle(job, schema, handler).finally(() => running.delete(run));
    running.add(run);
    return run;
  };
  const worker = new Worker<unknown, void, string>(name, process, {
    connection: redis,
    prefix: queueKeys(options.prefix).bull,
    concurrency: options.concurrency,
    lockDuration: lockMs,
    lockRenewTime: lockRenewMs,
    stalledInterval: stalledCheckMs,
    maxStalledCount: stalledMax,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  worker.on('error', (error) => options.onError?.(error));
  worker.on('failed', (job, error) => {
    if (job === undefined || isGivenUp(job, error)) options.onGivenUp?.(job?.id ?? 'unknown', error);
  });
  return {
    close: async (timeoutMs) => {
      // Takes no further job; waiting is done here, because a close that has begun cannot be forced any more.
      await bounded('pausing', closeStepMsMax, worker.pause(true)).catch(options.onError);
      const ended = await bounded('draining', timeoutMs, Promise.allSettled(running)).catch(() => undefined);
      await bounded('closing', closeStepMsMax, worker.close(ended === undefined)).catch(options.onError);
      redis.disconnect();
    },
  };
}

async function handle<Payload>(job: Job, schema: z.ZodType<Payload>, handler: JobHandler<Payload>): Promise<void> {
  const payload = schema.safeParse(job.data);
  if (!payload.success) throw new UnrecoverableError(`the payload of job ${job.id} is not valid`);
  const attempt = job.attemptsMade + 1;
  await handler(payload.data, { jobId: job.id ?? '', attempt, lastAttempt: attempt >= (job.opts.attempts ?? 1) });
}

function isGivenUp(job: Job, error: Error): boolean {
  return error instanceof UnrecoverableError || job.attemptsMade >= (job.opts.attempts ?? 1);
}
