import type { Id } from '@tenon/contracts';
import type { Database } from '@tenon/database';
import type { FairQueue } from '@tenon/queue';
import type { Quotas } from '@tenon/quota';
import type { StepResult } from '../shared/wakeable-loop.js';

export interface ErasureSettings {
  /** Runs that were in flight when the tenant was marked end in this time, and are recorded before its rows go. */
  readonly graceS: number;
  /** Rows in one transaction: well below a second. */
  readonly rowsPerStep: number;
}

/** A run has a deadline of a minute at most, and its record follows within seconds. */
export const erasureSettings: ErasureSettings = { graceS: 120, rowsPerStep: 2_000 };
/** Tenants in one look; the others wait for the next one. */
const tenantsPerLook = 20;

export interface ErasureParts {
  readonly database: Pick<Database, 'erasure'>;
  readonly fair: Pick<FairQueue, 'forgetTenant'>;
  readonly quotas: Pick<Quotas, 'forgetTenant'>;
}

/**
 * Works off the deletion of tenants. Several workers may do it at once: a tenant is erased by one at a time, and a worker
 * that dies leaves nothing that the next one has to know.
 */
export class Erasure {
  constructor(
    private readonly parts: ErasureParts,
    private readonly settings: ErasureSettings = erasureSettings,
  ) {}

  /** Takes one bite of every tenant that is due, so that a large one holds no small one up. */
  async step(): Promise<StepResult> {
    const { database } = this.parts;
    const tenants = await database.erasure.due(this.settings.graceS, tenantsPerLook);
    let removed = 0;
    for (const tenantId of tenants) removed += await this.bite(tenantId);
    return removed > 0 ? 'more' : 'idle';
  }

  /** @returns how much was done; 0 where another worker is at it. */
  private async bite(tenantId: Id<'tenant'>): Promise<number> {
    const { database, fair, quotas } = this.parts;
    await fair.forgetTenant(tenantId);
    const { rows, done } = await database.erasure.eraseSome(tenantId, this.settings.rowsPerStep);
    if (!done) return rows;
    // Again, because what was in hand when the rows went may have come back meanwhile.
    await Promise.all([fair.forgetTenant(tenantId), quotas.forgetTenant(tenantId)]);
    return 1;
  }
}
