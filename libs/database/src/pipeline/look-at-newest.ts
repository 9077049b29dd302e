import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { addRunConditions, Conditions, type ExecutionFilter, type IdSpan } from './execution-filter.js';

/** A list as it is asked for. */
export interface Asked {
  readonly tenantId: Id<'tenant'>;
  readonly filter: ExecutionFilter;
  /** The functions that have, or had, the name that is asked for; undefined where none is. */
  readonly functionIds: readonly string[] | undefined;
  readonly limit: number;
  readonly within: IdSpan;
}

/** What was found among runs that lie side by side. */
export interface Look {
  /** Newest first, one more than a page holds at most. */
  readonly hits: readonly string[];
  /** The oldest that was looked at, where there may be older ones. */
  readonly before: string | undefined;
}

/** How much of logs one look searches. */
const logBytesMax = 2_000_000;

/** A pattern for ILIKE that finds `text` as it is. */
export function containing(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

/**
 * The newest rows that conditions leave, in order. Of functions each is asked for by itself: an index gives the runs of
 * one in order, and not those of several.
 */
export function newestOf(
  asked: Pick<Asked, 'functionIds'>,
  conditions: Conditions,
  columns: string,
  limit: number,
): string {
  const ordered = `ORDER BY id DESC LIMIT ${limit}`;
  if (asked.functionIds === undefined) {
    return `SELECT ${columns} FROM executions WHERE ${conditions.where} ${ordered}`;
  }
  const functions = conditions.place(asked.functionIds);
  return `SELECT x.* FROM unnest(${functions}::text[]) AS f(function_id) CROSS JOIN LATERAL (
      SELECT ${columns} FROM executions WHERE ${conditions.where} AND function_id = f.function_id ${ordered}
    ) AS x ${ordered}`;
}

export function addSpan(conditions: Conditions, { low, high }: IdSpan): void {
  conditions.add(low, (place) => `id >= ${place}`).add(high, (place) => `id < ${place}`);
}

/** Looks at so many runs from the newest on. What it costs does not depend on how many of them fit. */
export async function lookAtNewest(
  client: pg.PoolClient,
  asked: Asked,
  within: IdSpan,
  runsMax: number,
): Promise<Look> {
  const { filter } = asked;
  const indexed = new Conditions(asked.tenantId);
  addSpan(indexed, within);
  indexed.addText(oneIndexOf(asked));
  const newest = newestOf(asked, indexed, '*', runsMax);
  const hit = new Conditions(asked.tenantId, indexed.values);
  addRunConditions(hit, { ...filter, functionName: undefined });
  hit.add(containing(filter.log), (place) => `log <> '' AND log ILIKE ${place}`);
  const text = `
    WITH newest AS (${newest}),
         measured AS (SELECT *, ${filter.log === undefined ? '0' : bytesBefore} AS bytes_before FROM newest),
         looked AS MATERIALIZED (
           SELECT id, CASE WHEN bytes_before < ${logBytesMax} THEN (${hit.where}) END AS hit FROM measured
         )
    SELECT ARRAY(SELECT id FROM looked WHERE hit ORDER BY id DESC LIMIT ${asked.limit + 1}) AS hits,
           CASE WHEN count(*) = ${runsMax} OR count(hit) < count(*)
                THEN min(id) FILTER (WHERE hit IS NOT NULL) END AS before
      FROM looked`;
  const { rows } = await client.query<{ hits: string[]; before: string | null }>(text, hit.values);
  return { hits: rows[0]?.hits ?? [], before: rows[0]?.before ?? undefined };
}

const bytesBefore = 'sum(octet_length(log)) OVER (ORDER BY id DESC) - octet_length(log)';

/** One index alone says what is looked at: with several conditions, most of what is read might be thrown away. */
function oneIndexOf({ functionIds, filter }: Asked): string | undefined {
  if (functionIds !== undefined) return undefined;
  if (filter.outcomes?.includes('succeeded') === false) return "outcome <> 'succeeded'";
  return filter.log === undefined ? undefined : "log <> ''";
}
