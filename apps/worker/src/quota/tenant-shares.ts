import type { Database } from '@tenon/database';
import type { FairQueue } from '@tenon/queue';
import type { Quotas } from '@tenon/quota';
import type { StepResult } from '../shared/wakeable-loop.js';

const tenantsPerPage = 1_000;
/** Bounds one round; tenants beyond have the default share. */
const pagesMax = 1_000;

/** Tells the fair queue what the plans grant: after a change, after Redis was emptied, and once a minute. */
export class TenantShares {
  constructor(
    private readonly quota: Pick<Database['quota'], 'tenantLimits'>,
    private readonly quotas: Pick<Quotas, 'claimShares'>,
    private readonly fair: Pick<FairQueue, 'setTenants'>,
  ) {}

  async step(): Promise<StepResult> {
    if (!(await this.quotas.claimShares())) return 'idle';
    let after = '';
    for (let page = 0; page < pagesMax; page += 1) {
      const tenants = await this.quota.tenantLimits(after, tenantsPerPage);
      const shares = tenants.map(({ id, limits }) => {
        return [id, { weight: limits.weight, concurrencyMax: limits.concurrentExecutionsMax }] as const;
      });
      await this.fair.setTenants(new Map(shares));
      after = tenants.at(-1)?.id ?? '';
      if (tenants.length < tenantsPerPage) break;
    }
    return 'idle';
  }
}
