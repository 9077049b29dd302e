import { Module } from '@nestjs/common';
import { batchesTogetherMax, type Database } from '@tenon/database';
import type { QueueOptions, QueueProducer } from '@tenon/queue';
import type { Storage } from '@tenon/storage';
import type { Logger } from '@tenon/telemetry';
import { engineVersion } from '@tenon/wasm';
import { BuildService } from '../builds/build.service.js';
import { BuildsModule } from '../builds/builds.module.js';
import { sandboxGate } from '../platform/sandbox-gate.js';
import { CONFIG, DATABASE, LOGGER, PRODUCER, QUEUE_OPTIONS, SANDBOX, STORAGE } from '../platform/tokens.js';
import type { WorkerSettings } from '../platform/worker-settings.js';
import { QuotaModule } from '../quota/quota.module.js';
import { QuotaReports } from '../quota/quota-reports.js';
import { RelayModule } from '../relay/relay.module.js';
import { Gate } from '../shared/gate.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { CurrentArtifacts } from './current-artifacts.js';
import { ExecutionService } from './execution.service.js';
import { executionSettings } from './execution-settings.js';
import { ExecutionsProcessor } from './executions.processor.js';
import { FunctionRunner, type RunsGuests, type WarmsGuests } from './function-runner.js';
import { GroupRecorder } from './group-recorder.js';
import { guardedRun } from './guarded-run.js';
import { LargeBodies } from './large-bodies.js';
import { LiveFunctions } from './live-functions.js';
import { OutputCheck } from './output-check.js';
import { WarmUp } from './warm-up.js';

const currentArtifacts = {
  provide: CurrentArtifacts,
  inject: [STORAGE, BuildService],
  useFactory: (storage: Storage, builds: BuildService) => new CurrentArtifacts(storage, builds, engineVersion),
};

const functionRunner = {
  provide: FunctionRunner,
  inject: [SANDBOX, CurrentArtifacts, CONFIG, LOGGER],
  useFactory: (sandbox: RunsGuests, artifacts: CurrentArtifacts, settings: WorkerSettings, logger: Logger) =>
    new FunctionRunner(sandbox, artifacts, new OutputCheck(), new Gate(sandboxGate(settings)), logger),
};

const liveFunctions = {
  provide: LiveFunctions,
  inject: [DATABASE],
  useFactory: (database: Database) => new LiveFunctions(database.liveFunctions),
};

const groupRecorder = {
  provide: GroupRecorder,
  inject: [DATABASE, QuotaReports, PRODUCER],
  useFactory: (database: Database, reports: QuotaReports, producer: QueueProducer) =>
    new GroupRecorder(database.recorder, {
      commitsMax: executionSettings.commitsMax,
      executionsMax: executionSettings.executionsShared,
      charactersMax: executionSettings.charactersPerRecordMax,
      batchesMax: executionSettings.batchesPerRecordMax,
      partsMax: batchesTogetherMax,
      onCommitted: (group, recorded) => {
        reports.note(group, recorded);
        producer.announceRecorded(group.map(({ tenantId }) => tenantId));
      },
    }),
};

const warmUp = {
  provide: WarmUp,
  inject: [DATABASE, SANDBOX, CurrentArtifacts, LOGGER],
  useFactory: ({ liveFunctions: live }: Database, pool: WarmsGuests, artifacts: CurrentArtifacts, logger: Logger) =>
    new WarmUp({ live, pool, artifacts, logger }),
};

const executionService = {
  provide: ExecutionService,
  inject: [DATABASE, LiveFunctions, FunctionRunner, STORAGE, GroupRecorder, QUEUE_OPTIONS, LOGGER],
  useFactory: (
    database: Database,
    live: LiveFunctions,
    runner: FunctionRunner,
    storage: Storage,
    recorder: GroupRecorder,
    { retryPauseMs = executionSettings.retryPauseMs }: QueueOptions,
    logger: Logger,
  ) => {
    const breaker = new CircuitBreaker(database.breakers, logger);
    const run = guardedRun(breaker, (target, given) => runner.run(target, given));
    const bodies = new LargeBodies(storage, logger);
    return new ExecutionService({ database, live, run, bodies, recorder, retryPauseMs, logger });
  },
};

/** Runs functions: the events of a job, or one run for a caller who waits. */
@Module({
  imports: [RelayModule, QuotaModule, BuildsModule],
  providers: [
    currentArtifacts,
    functionRunner,
    liveFunctions,
    groupRecorder,
    warmUp,
    executionService,
    ExecutionsProcessor,
  ],
  exports: [CurrentArtifacts, FunctionRunner, LiveFunctions, GroupRecorder],
})
export class ExecutionsModule {}
