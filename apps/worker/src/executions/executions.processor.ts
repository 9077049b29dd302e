import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { ExecutionJob } from '@tenon/contracts';
import {
  consumeExecutions,
  type FairQueue,
  listenForActivations,
  type QueueConsumer,
  type QueueOptions,
} from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { CONFIG, FAIR_QUEUE, LOGGER, QUEUE_OPTIONS } from '../platform/tokens.js';
import type { WorkerSettings } from '../platform/worker-settings.js';
import { LeaseKeeper } from '../relay/lease-keeper.js';
import { RelayService } from '../relay/relay.service.js';
import { ExecutionService, type JobEnd } from './execution.service.js';
import { executionSettings } from './execution-settings.js';
import { WarmUp } from './warm-up.js';

/** Takes execution jobs for as long as the worker runs. */
@Injectable()
export class ExecutionsProcessor implements OnApplicationBootstrap, OnModuleDestroy {
  private consumer: QueueConsumer | undefined;
  private activations: ReturnType<typeof listenForActivations> | undefined;

  constructor(
    @Inject(ExecutionService) private readonly executions: ExecutionService,
    @Inject(RelayService) private readonly relay: RelayService,
    @Inject(WarmUp) private readonly warmUp: WarmUp,
    @Inject(LeaseKeeper) private readonly leases: LeaseKeeper,
    @Inject(FAIR_QUEUE) private readonly fair: FairQueue,
    @Inject(QUEUE_OPTIONS) private readonly queue: QueueOptions,
    @Inject(CONFIG) private readonly settings: WorkerSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const options = {
      ...this.queue,
      concurrency: this.settings.jobsConcurrencyMax,
      onGivenUp: (jobId: string, error: Error) =>
        this.logger.warn({ jobId, err: error }, 'an execution job was given up; its events will be fed again'),
    };
    this.activations = listenForActivations(this.queue, (activation) => this.warmUp.prepare(activation));
    this.consumer = consumeExecutions(options, async (job, { jobId }) => {
      await this.leases.during(jobId, job.eventIds.length, () => this.handle(job, jobId));
      // There is room in BullMQ again, and more events may wait in line.
      this.relay.wake();
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.activations?.close();
    await this.consumer?.close(this.settings.shutdownGraceMs);
  }

  private async handle(job: ExecutionJob, jobId: string): Promise<void> {
    const end = await this.executions.execute(job).catch((error: unknown) => this.failed(job, jobId, error));
    // Where Redis is away now, the lease runs out, and who looks after the job finds nothing left to do.
    await this.fair.settle(jobId, job.tenantId, end.fuelUsed, end.again);
  }

  /** Postgres is away, or the worker stops: all events of the job come again. Those that were recorded find no work. */
  private failed(
    { tenantId, eventIds }: ExecutionJob,
    jobId: string,
    error: unknown,
  ): Omit<JobEnd, 'fuelUsed'> & {
    readonly fuelUsed: undefined;
  } {
    this.logger.warn({ err: error, jobId }, 'a job failed as a whole and will come again');
    const notBeforeMs = Date.now() + executionSettings.jobPauseMs * (0.5 + Math.random());
    return { fuelUsed: undefined, again: eventIds.map((id) => ({ id, tenantId, notBeforeMs })) };
  }
}
