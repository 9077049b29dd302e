import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { Quotas } from '@tenon/quota';
import type { Storage } from '@tenon/storage';
import type { Logger } from '@tenon/telemetry';
import { CircuitBreaker } from '../executions/circuit-breaker.js';
import { CurrentArtifacts } from '../executions/current-artifacts.js';
import { ExecutionsModule } from '../executions/executions.module.js';
import { FunctionRunner, type RunsGuests } from '../executions/function-runner.js';
import { GroupRecorder } from '../executions/group-recorder.js';
import { guardedRun } from '../executions/guarded-run.js';
import { LargeBodies } from '../executions/large-bodies.js';
import { OutputCheck } from '../executions/output-check.js';
import { guestThreads, sandboxGate } from '../platform/sandbox-gate.js';
import { CONFIG, DATABASE, LOGGER, QUOTAS, SANDBOX, STORAGE } from '../platform/tokens.js';
import type { WorkerSettings } from '../platform/worker-settings.js';
import { Gate } from '../shared/gate.js';
import { Admission } from './admission.js';
import { LivePoints } from './live-points.js';
import { RunQuota } from './run-quota.js';
import { RunRecorder } from './run-recorder.js';
import { RunSpool } from './run-spool.js';
import { SyncRunService } from './sync-run.service.js';

const runRecorder = {
  provide: RunRecorder,
  inject: [CONFIG, GroupRecorder, STORAGE, LOGGER],
  useFactory: async ({ spoolFolder }: WorkerSettings, recorder: GroupRecorder, storage: Storage, logger: Logger) => {
    const spool = spoolFolder === undefined ? undefined : await RunSpool.open(spoolFolder);
    return new RunRecorder({ spool, recorder, bodies: new LargeBodies(storage, logger), logger });
  },
};

const runQuota = {
  provide: RunQuota,
  inject: [QUOTAS],
  useFactory: (quotas: Quotas) => new RunQuota(quotas),
};

const syncRuns = {
  provide: SyncRunService,
  inject: [CONFIG, DATABASE, RunQuota, SANDBOX, CurrentArtifacts, RunRecorder, LOGGER],
  useFactory: (
    settings: WorkerSettings,
    database: Database,
    quota: RunQuota,
    sandbox: RunsGuests,
    artifacts: CurrentArtifacts,
    recorder: RunRecorder,
    logger: Logger,
  ) => {
    // A gate of its own: whoever waits at a checkout does not stand in line behind events.
    const gate = new Gate(sandboxGate(settings));
    const runner = new FunctionRunner(sandbox, artifacts, new OutputCheck(), gate, logger);
    const run = guardedRun(new CircuitBreaker(database.breakers, logger), (target, given) => runner.run(target, given));
    const points = new LivePoints(database.liveFunctions);
    return new SyncRunService({
      points,
      quota,
      run,
      recorder,
      admission: new Admission(guestThreads(settings)),
    });
  },
};

/** Runs whose caller waits. */
@Module({ imports: [ExecutionsModule], providers: [runRecorder, runQuota, syncRuns], exports: [SyncRunService] })
export class SyncRunsModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(RunRecorder) private readonly recorder: RunRecorder,
    @Inject(RunQuota) private readonly quota: RunQuota,
  ) {}

  onApplicationBootstrap(): void {
    this.recorder.watch();
  }

  async onModuleDestroy(): Promise<void> {
    await this.recorder.stop();
    await this.quota.stop();
  }
}
