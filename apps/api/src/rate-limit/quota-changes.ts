import { Inject, Injectable } from '@nestjs/common';
import type { Id, QuotaLimits } from '@tenon/contracts';
import type { FairQueue } from '@tenon/queue';
import type { Quotas } from '@tenon/quota';
import type { Logger } from '@tenon/telemetry';
import { FAIR_QUEUE, LOGGER, QUOTAS } from '../platform/tokens.js';

/**
 * Tells the counters what changed in Postgres, after its commit. Where Redis is away the change is found when tenants
 * are read again: ten minutes later at most.
 */
@Injectable()
export class QuotaChanges {
  constructor(
    @Inject(QUOTAS) private readonly quotas: Quotas,
    @Inject(FAIR_QUEUE) private readonly fair: Pick<FairQueue, 'setTenant'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  planChanged(name: string, limits: QuotaLimits): Promise<void> {
    return this.#tell(this.quotas.planChanged(name, limits));
  }

  /** A new tenant is bound by its cap from its first event on, not only when all tenants are told again. */
  tenantMade(tenantId: Id<'tenant'>, { weight, concurrentExecutionsMax: concurrencyMax }: QuotaLimits): Promise<void> {
    return this.#tell(this.fair.setTenant(tenantId, { weight, concurrencyMax }));
  }

  /** The tenant has another plan, or another status, or is gone. */
  tenantChanged(tenantId: Id<'tenant'>): Promise<void> {
    return this.#tell(this.quotas.forgetTenant(tenantId));
  }

  async #tell(telling: Promise<void>): Promise<void> {
    try {
      await telling;
    } catch (error) {
      this.logger.warn(
        { err: error },
        'a change of quotas could not be told to Redis; it holds in ten minutes at most',
      );
    }
  }
}
