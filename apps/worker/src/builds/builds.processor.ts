import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { consumeBuilds, type QueueConsumer, type QueueOptions } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { CONFIG, LOGGER, QUEUE_OPTIONS } from '../platform/tokens.js';
import type { WorkerSettings } from '../platform/worker-settings.js';
import { WakeableLoop } from '../shared/wakeable-loop.js';
import { BuildService } from './build.service.js';
import { buildSettings } from './build-settings.js';
import { BuildSweep } from './build-sweep.js';

/** Takes build jobs for as long as the worker runs, and looks for builds whose job was lost. */
@Injectable()
export class BuildsProcessor implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly sweeping: WakeableLoop;
  private consumer: QueueConsumer | undefined;

  constructor(
    @Inject(BuildService) private readonly builds: BuildService,
    @Inject(BuildSweep) sweep: BuildSweep,
    @Inject(QUEUE_OPTIONS) private readonly queue: QueueOptions,
    @Inject(CONFIG) private readonly settings: WorkerSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const step = async () => {
      await sweep.sweep();
      return 'idle' as const;
    };
    this.sweeping = new WakeableLoop(step, {
      pollMs: buildSettings.sweepMs,
      errorPauseMs: 1_000,
      onError: (error) => logger.warn({ err: error }, 'unfinished builds could not be looked for'),
    });
  }

  onApplicationBootstrap(): void {
    const options = {
      ...this.queue,
      concurrency: buildSettings.concurrency,
      onGivenUp: (jobId: string, error: Error) =>
        this.logger.warn({ jobId, err: error }, 'a build job was given up; the sweep will ask for the build again'),
    };
    this.consumer = consumeBuilds(options, (job, run) => this.builds.build(job, run));
    this.sweeping.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.sweeping.stop(), this.consumer?.close(this.settings.shutdownGraceMs)]);
  }
}
