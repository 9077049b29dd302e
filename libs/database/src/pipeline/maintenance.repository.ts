import type { AuditSeals } from '@tenon/audit';
import type pg from 'pg';
import { prunesDue, pruneTenantChain } from './audit-retention.js';

export interface MaintenancePools {
  readonly scheduler: pg.Pool;
  /** Records in a chain what goes from it. */
  readonly recorder: pg.Pool;
}

/** Housekeeping that runs now and then, across all tenants, through functions that do just that. */
export class MaintenanceRepository {
  private readonly pool: pg.Pool;

  constructor(
    private readonly pools: MaintenancePools,
    private readonly seals?: AuditSeals | undefined,
  ) {
    this.pool = pools.scheduler;
  }

  /** Folds up to `rowsMax` usage deltas into hours. @returns how many were folded. */
  async rollUpUsage(rowsMax = 10_000): Promise<number> {
    const { rows } = await this.pool.query<{ folded: number }>('SELECT roll_up_usage($1) AS folded', [rowsMax]);
    return rows[0]?.folded ?? 0;
  }

  /** Makes the partitions of executions for the coming days (at most 31). @returns how many were missing. */
  async ensureExecutionPartitions(daysAhead = 7): Promise<number> {
    const text = 'SELECT ensure_execution_partitions($1) AS made';
    return (await this.pool.query<{ made: number }>(text, [daysAhead])).rows[0]?.made ?? 0;
  }

  /**
   * Removes audit entries of tenants from before `before`, up to 10,000 of each chain and of at most `chainsMax`
   * chains; the database lets nothing go that is younger than 30 days. What is left of a chain still verifies.
   *
   * @returns how many went; none says that there is nothing left to do
   */
  async pruneAudit(before: Date, chainsMax = 100): Promise<number> {
    let removed = 0;
    for (const prune of await prunesDue(this.pools.scheduler, before, chainsMax)) {
      removed += await pruneTenantChain(this.pools.recorder, prune, this.seals);
    }
    return removed;
  }
}
