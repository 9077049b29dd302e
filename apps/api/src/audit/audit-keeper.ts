import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { Logger } from '@tenon/telemetry';
import { DATABASE, LOGGER } from '../platform/tokens.js';

/** How old the last anchor gets, and with it the youngest history that a burglar in Postgres could rewrite unseen. */
const anchorEveryMs = 60 * 60 * 1_000;
/** More often than that, so that another api takes over soon after the one that anchored is gone. */
const lookEveryMs = 5 * 60 * 1_000;

/**
 * Now and then records in the operator's chain where the tenants' chains end, and removes from it what need not be kept
 * any longer. It is the api that does it, because a worker has no operator's rights. Of several apis one anchors.
 */
@Injectable()
export class AuditKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#working = this.#look();
    }, lookEveryMs);
    this.#timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
  }

  async #look(): Promise<void> {
    try {
      const chains = await this.database.auditTrail.anchor(anchorEveryMs);
      if (chains > 0) this.logger.info({ chains }, 'recorded where the audit chains of tenants end');
      const since = this.database.auditKeptSince();
      if (since !== undefined) await this.database.auditTrail.pruneOperator(since);
    } catch (error) {
      this.logger.warn({ err: error }, 'housekeeping of the audit log failed');
    }
  }
}
