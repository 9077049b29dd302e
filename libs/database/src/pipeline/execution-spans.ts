import { type Id, idBound, idTimeMs } from '@tenon/contracts';
import type pg from 'pg';
import { addSumConditions, Conditions, type ExecutionFilter, earlier, type IdSpan, later } from './execution-filter.js';
import { statisticsDays } from './statistics-days.js';

const dayMs = 86_400_000;
/** Where more functions would have to be read one by one, the runs of all functions are read instead. */
const spansApartMax = 400;

/** A minute, or an hour where minutes are no longer kept, in which there were runs of the kind. */
export interface RunSpan extends IdSpan {
  /** Null for all functions. */
  readonly functionId: string | null;
}

/** Newest first. */
export interface FoundSpans {
  readonly spans: readonly RunSpan[];
  /** Where to go on looking; undefined where there is nothing more. */
  readonly before?: string;
}

export interface SpanBounds {
  /** Hours that are looked into, from the newest on, whether there was a run of the kind in them or not. */
  readonly hoursMax: number;
  readonly spansMax: number;
}

/** One span, or the only row where there is none. */
interface SpanRow {
  readonly start: Date | null;
  readonly functionIds: readonly string[];
  readonly seconds: number;
  /** The oldest hour that was looked into, where there may be older ones. */
  readonly hoursEnd: Date | null;
}

/**
 * Asks the sums where runs of this kind are, so that the runs themselves are read only there. Sums are written in the
 * transaction of the runs that they count, so none is missed.
 */
export async function findSpans(
  client: pg.PoolClient,
  tenantId: Id<'tenant'>,
  filter: ExecutionFilter,
  within: IdSpan,
  bounds: SpanBounds,
): Promise<FoundSpans> {
  const { text, values } = statementFor(tenantId, filter, within, bounds);
  const { rows } = await client.query<SpanRow>(text, values);
  const spans = spansOf(rows.slice(0, bounds.spansMax), within);
  const hoursEnd = rows[0]?.hoursEnd ?? null;
  if (rows.length > bounds.spansMax) return { spans, before: spans.at(-1)?.low ?? within.low };
  return hoursEnd === null ? { spans } : { spans, before: idBound('execution', hoursEnd.getTime()) };
}

/** Either all spans are of one function each, or all are of every function: so no run is in two of them. */
function spansOf(rows: readonly SpanRow[], within: IdSpan): readonly RunSpan[] {
  const apart = rows.reduce((sum, { functionIds }) => sum + functionIds.length, 0) <= spansApartMax;
  return rows.flatMap(({ start, seconds, functionIds }) => {
    if (start === null) return [];
    const low = later(within.low, idBound('execution', start.getTime()));
    const high = earlier(within.high, idBound('execution', start.getTime() + seconds * 1_000));
    return (apart ? functionIds : [null]).map((functionId) => ({ low, high, functionId }));
  });
}

function statementFor(tenantId: Id<'tenant'>, filter: ExecutionFilter, within: IdSpan, bounds: SpanBounds) {
  const conditions = new Conditions(tenantId);
  addSumConditions(conditions, filter);
  const from = `${conditions.place(new Date(timeOfBound(within.low) ?? 0))}::timestamptz`;
  const to = conditions.place(new Date(endOf(within.high)));
  const today = Math.floor(Date.now() / dayMs) * dayMs;
  // Before that, an hour is the smallest span that is known.
  const kept = conditions.place(new Date(today - (statisticsDays.minutes - 1) * dayMs));
  const { where } = conditions;
  // The sums of one hour are asked for by themselves (OFFSET keeps the planner from joining them with all hours at once):
  // what they cost is known, whatever the statistics of the tables say.
  const text = `
    WITH bounds AS MATERIALIZED (
      SELECT until, least(until, ${to}) AS high, greatest(date_trunc('hour', ${from}), coalesce(first, until)) AS bottom
        FROM closed_hours, (SELECT min(hour) AS first FROM execution_hours WHERE tenant_id = $1) AS f
    ), looked AS MATERIALIZED (
      SELECT *, greatest(bottom, date_trunc('hour', high) - make_interval(hours => ${bounds.hoursMax})) AS low FROM bounds
    ), hours AS MATERIALIZED (
      SELECT DISTINCT hour, function_id FROM execution_hours
        WHERE ${where} AND hour >= (SELECT low FROM looked) AND hour < (SELECT high FROM looked)
    ), found AS (
      SELECT minute AS start, function_id, 60 AS seconds FROM usage_deltas
        WHERE ${where} AND minute >= date_trunc('minute', ${from}) AND minute < ${to}
      UNION
      SELECT minute, function_id, 60 FROM execution_minutes
        WHERE ${where} AND minute < ${to}
          AND minute >= greatest(date_trunc('minute', ${from}), (SELECT until FROM bounds))
      UNION
      SELECT m.minute, m.function_id, 60
        FROM (SELECT DISTINCT hour FROM hours WHERE hour >= ${kept}) AS h CROSS JOIN LATERAL (
          SELECT minute, function_id FROM execution_minutes
            WHERE ${where} AND minute >= h.hour AND minute < h.hour + interval '1 hour' AND minute < ${to}
              AND minute >= date_trunc('minute', ${from}) OFFSET 0
        ) AS m
      UNION
      SELECT hour, function_id, 3600 FROM hours WHERE hour < ${kept}
    )
    SELECT start, coalesce(array_agg(DISTINCT function_id) FILTER (WHERE start IS NOT NULL), '{}') AS "functionIds", seconds,
           CASE WHEN low > bottom THEN low END AS "hoursEnd"
      FROM looked LEFT JOIN found ON low <= bottom OR start >= low
      GROUP BY start, seconds, low, bottom ORDER BY start DESC LIMIT ${bounds.spansMax + 1}`;
  return { text, values: conditions.values };
}

/** `exe_` and the ten characters of the time; `exe_` and a whole ULID. */
const timeLength = 14;
const idLength = 30;

/** The time that an id, or the bound of a span of ids, begins with; undefined for a bound that has none. */
function timeOfBound(bound: string): number | undefined {
  return bound.length < timeLength ? undefined : idTimeMs(idOfBound(bound));
}

/** The first time of which nothing is meant: an id excludes itself and not the rest of its millisecond. */
function endOf(high: string): number {
  return (timeOfBound(high) ?? Date.now() + dayMs) + (high.length > timeLength ? 1 : 0);
}

/** A bound as a whole id: as a cursor it goes on where the bound is. */
export function idOfBound(bound: string): Id<'execution'> {
  return bound.padEnd(idLength, '0') as Id<'execution'>;
}
