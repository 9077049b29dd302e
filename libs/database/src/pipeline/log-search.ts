import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { addRunConditions, Conditions, type ExecutionFilter, type IdSpan } from './execution-filter.js';

/** Logs that are searched for one page, and how much of them. */
const logsMax = 15_000;
const logBytesMax = 16_000_000;

/** Runs whose log has the text, newest first, one more than a page holds at most. */
export interface SearchedLogs {
  readonly hits: readonly string[];
  /** The oldest that was searched, where there may be older ones. */
  readonly before: string | undefined;
}

/** A pattern for ILIKE that finds `text` as it is. */
export function containing(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

/** Reads logs from the newest on, as far as one call may. */
export async function searchLogs(
  client: pg.PoolClient,
  asked: {
    readonly tenantId: Id<'tenant'>;
    readonly filter: ExecutionFilter;
    readonly limit: number;
    readonly within: IdSpan;
  },
): Promise<SearchedLogs> {
  const conditions = new Conditions(asked.tenantId);
  addRunConditions(conditions, asked.filter);
  conditions.add(asked.within.low, (place) => `id >= ${place}`).add(asked.within.high, (place) => `id < ${place}`);
  const { where } = conditions;
  const pattern = conditions.place(containing(asked.filter.log) ?? '%');
  const text = `
    WITH newest AS (
      SELECT id, log, sum(octet_length(log)) OVER (ORDER BY id DESC) - octet_length(log) AS bytes_before
        FROM (SELECT id, log FROM executions WHERE ${where} AND log <> '' ORDER BY id DESC LIMIT ${logsMax}) AS l
    ), searched AS MATERIALIZED (
      SELECT id, CASE WHEN bytes_before < ${logBytesMax} THEN log ILIKE ${pattern} END AS hit FROM newest
    )
    SELECT ARRAY(SELECT id FROM searched WHERE hit ORDER BY id DESC LIMIT ${asked.limit + 1}) AS hits,
           CASE WHEN count(*) = ${logsMax} OR count(hit) < count(*)
                THEN min(id) FILTER (WHERE hit IS NOT NULL) END AS before
      FROM searched`;
  const { rows } = await client.query<{ hits: string[]; before: string | null }>(text, conditions.values);
  return { hits: rows[0]?.hits ?? [], before: rows[0]?.before ?? undefined };
}
