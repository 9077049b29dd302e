import { Module } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { Storage } from '@tenon/storage';
import type { Logger } from '@tenon/telemetry';
import { CONFIG, DATABASE, LOGGER, SANDBOX, STORAGE } from '../platform/tokens.js';
import type { WorkerSettings } from '../platform/worker-settings.js';
import { RelayModule } from '../relay/relay.module.js';
import { Gate } from '../shared/gate.js';
import { ExecutionService } from './execution.service.js';
import { ExecutionsProcessor } from './executions.processor.js';
import { FunctionRunner, type RunsGuests } from './function-runner.js';
import { OutputCheck } from './output-check.js';

const functionRunner = {
  provide: FunctionRunner,
  inject: [SANDBOX, STORAGE, CONFIG, LOGGER],
  useFactory: (sandbox: RunsGuests, storage: Storage, settings: WorkerSettings, logger: Logger) =>
    new FunctionRunner(sandbox, storage, new OutputCheck(), new Gate(settings.runsConcurrencyMax), logger),
};

const executionService = {
  provide: ExecutionService,
  inject: [DATABASE, FunctionRunner, LOGGER],
  useFactory: (database: Database, runner: FunctionRunner, logger: Logger) =>
    new ExecutionService(database, runner, logger),
};

/** Runs functions: the events of a job, or one run for a caller who waits. */
@Module({
  imports: [RelayModule],
  providers: [functionRunner, executionService, ExecutionsProcessor],
  exports: [FunctionRunner],
})
export class ExecutionsModule {}
