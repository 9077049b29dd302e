import type pg from 'pg';

/** Housekeeping that runs now and then, across all tenants, through functions that do just that. */
export class MaintenanceRepository {
  constructor(private readonly pool: pg.Pool) {}

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
}
