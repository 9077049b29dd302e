import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { consumeExecutions, type QueueConsumer, type QueueOptions } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { CONFIG, LOGGER, QUEUE_OPTIONS } from '../platform/tokens.js';
import type { WorkerSettings } from '../platform/worker-settings.js';
import { RelayService } from '../relay/relay.service.js';
import { ExecutionService } from './execution.service.js';

/** Takes execution jobs for as long as the worker runs. */
@Injectable()
export class ExecutionsProcessor implements OnApplicationBootstrap, OnModuleDestroy {
  private consumer: QueueConsumer | undefined;

  constructor(
    @Inject(ExecutionService) private readonly executions: ExecutionService,
    @Inject(RelayService) private readonly relay: RelayService,
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
    this.consumer = consumeExecutions(options, async (job, run) => {
      await this.executions.execute(job, run);
      // There is room in BullMQ again, and more events may wait for it in Postgres.
      this.relay.wake();
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.consumer?.close(this.settings.shutdownGraceMs);
  }
}
