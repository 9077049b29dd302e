import type { AuditSeals } from '@tenon/audit';
import type pg from 'pg';
import { prunesDue, pruneTenantChain } from './audit-retention.js';
import { closeDay, closeHour, foldDeltas } from './roll-up.js';
import { statisticsDays } from './statistics-days.js';

/** A run is seen in lists and charts at once; only its way into the sums by minute and hour waits this long. */
const settledMsDefault = 90_000;

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

  /**
   * Folds up to `rowsMax` usage deltas into hours of usage and minutes of statistics, those of the last `settledMs`
   * excepted. @returns how many were folded.
   */
  rollUpUsage(rowsMax = 10_000, settledMs = settledMsDefault): Promise<number> {
    return foldDeltas(this.pool, rowsMax, settledMs);
  }

  /** Adds up the minutes of the oldest hour that is over and open. @returns false when there is none. */
  closeHour(settledMs = 2 * settledMsDefault): Promise<boolean> {
    return closeHour(this.pool, settledMs);
  }

  /** Adds up the hours of the oldest day (UTC) that is over and open. @returns false when there is none. */
  closeDay(): Promise<boolean> {
    return closeDay(this.pool);
  }

  /** Makes the partitions of statistics for the coming days and drops those that are too old. @returns how many were made. */
  async keepStatistics(daysAhead = 7): Promise<number> {
    const text = 'SELECT keep_statistics($1, $2, $3) AS made';
    const values = [daysAhead, statisticsDays.minutes, statisticsDays.hours];
    return (await this.pool.query<{ made: number }>(text, values)).rows[0]?.made ?? 0;
  }

  /** Makes the partitions of executions for the coming days (at most 31). @returns how many were missing. */
  async ensureExecutionPartitions(daysAhead = 7): Promise<number> {
    const text = 'SELECT ensure_execution_partitions($1) AS made';
    return (await this.pool.query<{ made: number }>(text, [daysAhead])).rows[0]?.made ?? 0;
  }

  /** Drops the days of executions that are older than `keepDays` whole days. @returns how many days went. */
  async dropOldExecutions(keepDays: number, rowsMax: number): Promise<number> {
    const text = 'SELECT drop_old_executions($1, $2) AS dropped';
    return (await this.pool.query<{ dropped: number }>(text, [keepDays, rowsMax])).rows[0]?.dropped ?? 0;
  }

  /**
   * Forgets finished events that came more than `keepDays` ago, `rowsMax` at most; from then on one of the same source
   * and id is new. @returns how many went.
   */
  async forgetEvents(keepDays: number, rowsMax: number): Promise<number> {
    const text = 'SELECT forget_events($1, $2) AS gone';
    return (await this.pool.query<{ gone: number }>(text, [keepDays, rowsMax])).rows[0]?.gone ?? 0;
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
