import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { FairQueue } from '@tenon/queue';
import type { Quotas } from '@tenon/quota';
import type { Logger } from '@tenon/telemetry';
import { DATABASE, FAIR_QUEUE, LOGGER, QUOTAS } from '../platform/tokens.js';
import { WakeableLoop } from '../shared/wakeable-loop.js';
import { HeldEvents } from './held-events.js';
import { QuotaReports } from './quota-reports.js';
import { TenantShares } from './tenant-shares.js';

const lookMs = 1_000;

const quotaReports = {
  provide: QuotaReports,
  inject: [QUOTAS, DATABASE, LOGGER],
  useFactory: (quotas: Quotas, database: Database, logger: Logger) => new QuotaReports(quotas, database, logger),
};

/** Counts what was used, lets held events go when there is room, and tells the fair queue what plans grant. */
@Module({ providers: [quotaReports], exports: [QuotaReports] })
export class QuotaModule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loops: readonly WakeableLoop[];

  constructor(
    @Inject(DATABASE) database: Database,
    @Inject(FAIR_QUEUE) fair: FairQueue,
    @Inject(QUOTAS) quotas: Quotas,
    @Inject(LOGGER) logger: Logger,
    @Inject(QuotaReports) private readonly reports: QuotaReports,
  ) {
    const held = new HeldEvents({ database, quotas, fair });
    const shares = new TenantShares(database.quota, quotas, fair);
    this.loops = [held, shares].map(
      (task) =>
        new WakeableLoop(() => task.step(), {
          pollMs: lookMs,
          errorPauseMs: lookMs,
          onError: (error) => logger.warn({ err: error }, 'quotas could not be looked after'),
        }),
    );
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await this.reports.end();
  }
}
