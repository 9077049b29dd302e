import { type BuildJob, buildJobSchema, type ExecutionJob, executionJobSchema, type Id } from '@tenon/contracts';
import { type JobsOptions, Queue } from 'bullmq';
import { type Activation, announceActivations } from './activation-news.js';
import { bounded } from './bounded.js';
import { coalesce } from './coalesce.js';
import { commandTimeoutMs, connectForCommands, type QueueOptions } from './connection.js';
import type { DispatchedBatch } from './fair/fair-queue.types.js';
import { buildJobId, executionJobId } from './job-id.js';
import { queueKeys, queueNames } from './keys.js';
import { announceRecorded, type RecordedListener, RecordedNews } from './recorded-news.js';

/** Finished jobs leave Redis at once: what happened is in Postgres, and a kept job would block its id for ever. */
const leaveNothing = { removeOnComplete: true, removeOnFail: true } as const;

/** Four attempts over about 1 + 2 + 4 s. */
const buildOptions = { ...leaveNothing, attempts: 4 } as const;
const buildRetryPauseMs = 1_000;

/** Five attempts over about 0.2 + 0.4 + 0.8 + 1.6 s: longer troubles are for the relay, which feeds the events again. */
const executionOptions = { ...leaveNothing, attempts: 5 } as const;
const executionRetryPauseMs = 200;

/** The pause doubles with each attempt; the jitter keeps jobs that failed together from coming back together. */
function backOff(firstPauseMs: number): Pick<JobsOptions, 'backoff'> {
  return { backoff: { type: 'exponential', delay: firstPauseMs, jitter: 0.5 } };
}

/** Commands end in an error rather than wait for ever where Redis is away. */
export interface QueueProducer {
  /** Asks for the build of a version. A build that is asked for already is not added again. */
  enqueueBuild(job: BuildJob): Promise<void>;
  /** Adds all jobs in one round trip, or fails as a whole; adding a job that still waits or runs changes nothing. */
  enqueueExecutions(jobs: readonly ExecutionJob[]): Promise<void>;
  /** The same for batches of the fair queue, whose ids are unique; their attempts are counted in Postgres. */
  enqueueBatches(batches: readonly DispatchedBatch[]): Promise<void>;
  /** Those of the jobs that wait or run. */
  executionJobsThere(jobIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Jobs that nobody has begun. */
  executionsWaiting(): Promise<number>;
  /** The events carried by any job that is not finished; undefined where more than `jobsMax` jobs are there. */
  eventsInFlight(jobsMax: number): Promise<ReadonlySet<string> | undefined>;
  /**
   * Tells the relays that ready events are in Postgres. Returns at once, may be called once per event (calls are
   * merged), never throws; a lost call is made good by the relay's next poll.
   */
  wakeRelay(): void;
  /** Tells the workers that a version became live; see {@link announceActivations}. */
  announceActivation(activation: Activation): void;
  /** Tells whoever listens, in any process, that runs of these tenants were recorded; see {@link announceRecorded}. */
  announceRecorded(tenantIds: Iterable<Id<'tenant'>>): void;
  /** Calls `listener` for announcements of any process. @returns what ends the listening */
  onRecorded(listener: RecordedListener): () => void;
  /** False when Redis has lost what was put into it since the last call of any producer; leaves the marker. */
  markRedis(): Promise<boolean>;
  /** Round trip to Redis, for readiness. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the producing side of all queues over one connection. */
export function openQueueProducer(options: QueueOptions): QueueProducer {
  const keys = queueKeys(options.prefix);
  const redis = connectForCommands(options);
  const onError = (error: Error) => options.onError?.(error);
  const open = <Job>(name: string, defaultJobOptions: JobsOptions) => {
    const queue = new Queue<Job, void, string>(name, { connection: redis, prefix: keys.bull, defaultJobOptions });
    queue.on('error', onError);
    return queue;
  };
  const builds = open<BuildJob>(queueNames.builds, {
    ...buildOptions,
    ...backOff(options.retryPauseMs ?? buildRetryPauseMs),
  });
  const executions = open<ExecutionJob>(queueNames.executions, {
    ...executionOptions,
    ...backOff(options.retryPauseMs ?? executionRetryPauseMs),
  });
  const wake = coalesce(() => redis.publish(keys.relayWakeChannel, '1'), onError);
  const news = new RecordedNews(options);
  const ask = <Answer>(what: string, work: Promise<Answer>) => bounded(what, commandTimeoutMs, work);
  return {
    enqueueBuild: async (job) => {
      const data = buildJobSchema.parse(job);
      await ask('adding a build', builds.add(queueNames.builds, data, { jobId: buildJobId(job) }));
    },
    enqueueExecutions: async (jobs) => {
      await ask('adding executions', executions.addBulk(jobs.map(executionJobEntry)));
    },
    enqueueBatches: async (batches) => {
      await ask('adding batches', executions.addBulk(batches.map(batchEntry)));
    },
    executionJobsThere: async (jobIds) => {
      const pipeline = redis.pipeline();
      for (const jobId of jobIds) pipeline.exists(executions.toKey(jobId));
      const answers = (await ask('looking for jobs', pipeline.exec())) ?? [];
      const there = answers.map(([error, count]) => {
        if (error !== null) throw error;
        return count === 1;
      });
      return new Set(jobIds.filter((_, place) => there[place]));
    },
    // A batch has no priority and no second attempt, so the one list has all; asking BullMQ would run a script.
    executionsWaiting: () => ask('counting jobs', redis.llen(executions.toKey('wait'))),
    eventsInFlight: (jobsMax) => ask('listing jobs', eventsInFlight(executions, jobsMax)),
    wakeRelay: wake,
    announceActivation: announceActivations(redis, options.prefix, onError),
    announceRecorded: announceRecorded(redis, options.prefix, onError),
    onRecorded: (listener) => news.listen(listener),
    markRedis: async () => (await ask('marking Redis', redis.set(keys.relayMarker, '1', 'GET'))) !== null,
    ping: async () => {
      await ask('a ping', redis.ping());
    },
    close: async () => {
      news.close();
      await Promise.all([builds.close(), executions.close()]);
      redis.disconnect();
    },
  };
}

function executionJobEntry(job: ExecutionJob) {
  return {
    name: queueNames.executions,
    data: executionJobSchema.parse(job),
    opts: { jobId: executionJobId(job) },
  };
}

/** One attempt: what becomes of the events of a failed job is decided event by event. */
function batchEntry({ jobId, tenantId, eventIds }: DispatchedBatch) {
  return { name: queueNames.executions, data: { tenantId, eventIds: [...eventIds] }, opts: { jobId, attempts: 1 } };
}

async function eventsInFlight(
  queue: Queue<ExecutionJob, void, string>,
  jobsMax: number,
): Promise<ReadonlySet<string> | undefined> {
  const jobs = await queue.getJobs(['waiting', 'active', 'delayed', 'prioritized'], 0, jobsMax);
  if (jobs.length > jobsMax) return undefined;
  // A job may finish and vanish between the listing of its id and the reading of its data.
  return new Set(jobs.flatMap((job) => job?.data?.eventIds ?? []));
}
