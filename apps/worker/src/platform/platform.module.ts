import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Sealer } from '@tenon/config';
import type { Database } from '@tenon/database';
import type { FairQueue, QueueOptions, QueueProducer } from '@tenon/queue';
import type { Quotas } from '@tenon/quota';
import type { Storage } from '@tenon/storage';
import { createMetrics, type Logger, type Registry } from '@tenon/telemetry';
import type { AllowedTargets } from '@tenon/webhooks';
import type { BuildsModules } from '../builds/build.service.js';
import type { RunsGuests, WarmsGuests } from '../executions/function-runner.js';
import {
  CONFIG,
  DATABASE,
  DELIVERIES,
  FAIR_QUEUE,
  LOGGER,
  METRICS,
  PRODUCER,
  QUEUE_OPTIONS,
  QUOTAS,
  SANDBOX,
  STORAGE,
} from './tokens.js';
import type { WorkerSettings } from './worker-settings.js';

/** What the worker stands on; opened and closed by whoever starts it. */
export interface Platform {
  readonly settings: WorkerSettings;
  readonly database: Database;
  readonly queue: QueueOptions;
  readonly producer: QueueProducer;
  readonly fair: FairQueue;
  readonly quotas: Quotas;
  readonly storage: Storage;
  readonly sandbox: RunsGuests & WarmsGuests & BuildsModules;
  readonly logger: Logger;
  /** Without it, this worker sends no deliveries. */
  readonly deliveries?: DeliveriesPlatform;
  /** Default: a registry of its own. */
  readonly metrics?: Registry;
}

/** What sending results to endpoints needs. */
export interface DeliveriesPlatform {
  /** Opens the secrets of endpoints. */
  readonly sealer: Sealer;
  /** Targets that are not public and allowed all the same. */
  readonly allowed: AllowedTargets;
}

@Global()
@Module({})
class PlatformModule {}

/** Hands the platform to every feature. */
export function platformModule(platform: Platform): DynamicModule {
  const providers = [
    { provide: CONFIG, useValue: platform.settings },
    { provide: DATABASE, useValue: platform.database },
    { provide: QUEUE_OPTIONS, useValue: platform.queue },
    { provide: PRODUCER, useValue: platform.producer },
    { provide: FAIR_QUEUE, useValue: platform.fair },
    { provide: QUOTAS, useValue: platform.quotas },
    { provide: STORAGE, useValue: platform.storage },
    { provide: SANDBOX, useValue: platform.sandbox },
    { provide: DELIVERIES, useValue: platform.deliveries },
    { provide: LOGGER, useValue: platform.logger },
    { provide: METRICS, useFactory: () => platform.metrics ?? createMetrics('worker') },
  ];
  return { module: PlatformModule, providers, exports: providers.map(({ provide }) => provide) };
}
