import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Sealer } from '@tenon/config';
import { ProblemError } from '@tenon/contracts';
import type { Database } from '@tenon/database';
import type { FairQueue, QueueProducer } from '@tenon/queue';
import type { Quotas } from '@tenon/quota';
import type { Storage } from '@tenon/storage';
import type { Logger } from '@tenon/telemetry';
import { AllowedTargets } from '@tenon/webhooks';
import type { IdentitySettings } from '../auth/identity-settings.js';
import type { RunWorkers } from '../runs/run-workers.js';
import {
  DATABASE,
  DELIVERY_TARGETS,
  FAIR_QUEUE,
  IDENTITY,
  LOGGER,
  QUEUE,
  QUOTAS,
  RUN_WORKERS,
  SEALER,
  STORAGE,
  WORKER,
} from './tokens.js';
import type { WorkerClient } from './worker-client.js';

/** What the api stands on; opened and closed by whoever starts it. */
export interface Platform {
  readonly database: Database;
  readonly queue: QueueProducer;
  readonly fair: FairQueue;
  readonly quotas: Quotas;
  readonly storage: Storage;
  readonly sealer: Sealer;
  /** Targets of deliveries that are allowed although they are not public. Default: none. */
  readonly deliveryTargets?: AllowedTargets;
  readonly worker: WorkerClient;
  /** Runs points while a caller waits. Default: nobody does. */
  readonly runs?: Pick<RunWorkers, 'run'>;
  readonly logger: Logger;
}

const nobody: Pick<RunWorkers, 'run'> = {
  run: () => Promise.reject(new ProblemError('unavailable', 'There is no worker.')),
};

@Global()
@Module({})
class PlatformModule {}

/** Hands the platform to every feature. */
export function platformModule(platform: Platform, identity: IdentitySettings): DynamicModule {
  const providers = [
    { provide: DATABASE, useValue: platform.database },
    { provide: QUEUE, useValue: platform.queue },
    { provide: FAIR_QUEUE, useValue: platform.fair },
    { provide: QUOTAS, useValue: platform.quotas },
    { provide: STORAGE, useValue: platform.storage },
    { provide: SEALER, useValue: platform.sealer },
    { provide: DELIVERY_TARGETS, useValue: platform.deliveryTargets ?? new AllowedTargets() },
    { provide: WORKER, useValue: platform.worker },
    { provide: RUN_WORKERS, useValue: platform.runs ?? nobody },
    { provide: IDENTITY, useValue: identity },
    { provide: LOGGER, useValue: platform.logger },
  ];
  return { module: PlatformModule, providers, exports: providers.map(({ provide }) => provide) };
}
