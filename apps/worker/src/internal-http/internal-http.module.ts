import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { QueueProducer } from '@tenon/queue';
import type { Storage } from '@tenon/storage';
import type { Logger, Registry } from '@tenon/telemetry';
import { ExecutionsModule } from '../executions/executions.module.js';
import { FunctionRunner } from '../executions/function-runner.js';
import { GroupRecorder } from '../executions/group-recorder.js';
import { CONFIG, DATABASE, LOGGER, METRICS, PRODUCER, STORAGE } from '../platform/tokens.js';
import type { WorkerSettings } from '../platform/worker-settings.js';
import { SyncRunService } from '../sync-runs/sync-run.service.js';
import { SyncRunsModule } from '../sync-runs/sync-runs.module.js';
import { TestRunService } from '../test-runs/test-run.service.js';
import { createInternalServer } from './internal-server.js';

const SERVER = Symbol('internal server');

const server = {
  provide: SERVER,
  inject: [CONFIG, DATABASE, PRODUCER, STORAGE, FunctionRunner, GroupRecorder, SyncRunService, LOGGER, METRICS],
  useFactory: (
    { internalHttp }: WorkerSettings,
    database: Database,
    producer: QueueProducer,
    storage: Storage,
    runner: FunctionRunner,
    recorder: GroupRecorder,
    runs: SyncRunService,
    logger: Logger,
    metrics: Registry,
  ) => {
    const testRuns = new TestRunService(database, runner, recorder);
    const probes = [
      { name: 'postgres', probe: () => database.ping() },
      { name: 'redis', probe: () => producer.ping() },
      { name: 'storage', probe: () => storage.probe() },
    ];
    return createInternalServer({
      token: internalHttp.token,
      metricsToken: internalHttp.metricsToken,
      metrics,
      probes,
      runs,
      runTest: (request) => testRuns.run(request),
      logger,
    });
  },
};

/** Listens for the api and for health checks, on an address that is not public. */
@Module({ imports: [ExecutionsModule, SyncRunsModule], providers: [server] })
export class InternalHttpModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(SERVER) private readonly server: ReturnType<typeof createInternalServer>,
    @Inject(CONFIG) private readonly settings: WorkerSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { host, port } = this.settings.internalHttp;
    const address = await this.server.listen({ host, port });
    this.logger.info({ address }, 'the internal endpoint listens');
  }

  async onModuleDestroy(): Promise<void> {
    await this.server.close();
  }
}
