import { Module } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { QueueProducer } from '@tenon/queue';
import type { Storage } from '@tenon/storage';
import type { Logger } from '@tenon/telemetry';
import { engineVersion } from '@tenon/wasm';
import { DATABASE, LOGGER, PRODUCER, SANDBOX, STORAGE } from '../platform/tokens.js';
import { BuildService, type BuildsModules } from './build.service.js';
import { BuildRecords } from './build-records.js';
import { BuildSweep } from './build-sweep.js';
import { BuildsProcessor } from './builds.processor.js';
import { StorageCollector } from './storage-collector.js';

const buildService = {
  provide: BuildService,
  inject: [DATABASE, STORAGE, SANDBOX, LOGGER],
  useFactory: (database: Database, storage: Storage, sandbox: BuildsModules, logger: Logger) =>
    new BuildService(new BuildRecords(database), storage, sandbox, String(engineVersion), logger),
};

const buildSweep = {
  provide: BuildSweep,
  inject: [DATABASE, PRODUCER],
  useFactory: (database: Database, producer: QueueProducer) => new BuildSweep(database, producer),
};

/** Turns uploads into artifacts. */
@Module({ providers: [buildService, buildSweep, BuildsProcessor, StorageCollector], exports: [BuildService] })
export class BuildsModule {}
