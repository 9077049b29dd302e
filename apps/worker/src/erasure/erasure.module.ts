import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { FairQueue } from '@tenon/queue';
import type { Quotas } from '@tenon/quota';
import type { Logger } from '@tenon/telemetry';
import { DATABASE, FAIR_QUEUE, LOGGER, QUOTAS } from '../platform/tokens.js';
import { WakeableLoop } from '../shared/wakeable-loop.js';
import { Erasure } from './erasure.js';

const lookMs = 10_000;

/** Removes what tenants had that their operator has deleted. */
@Module({})
export class ErasureModule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: WakeableLoop;

  constructor(
    @Inject(DATABASE) database: Database,
    @Inject(FAIR_QUEUE) fair: FairQueue,
    @Inject(QUOTAS) quotas: Quotas,
    @Inject(LOGGER) logger: Logger,
  ) {
    const erasure = new Erasure({ database, fair, quotas });
    this.loop = new WakeableLoop(() => erasure.step(), {
      pollMs: lookMs,
      errorPauseMs: 1_000,
      onError: (error) => logger.warn({ err: error }, 'a tenant could not be erased yet'),
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }
}
