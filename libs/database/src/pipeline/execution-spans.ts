import { type Id, idBound } from '@tenon/contracts';
import type pg from 'pg';
import { addSumConditions, Conditions, type ExecutionFilter, earlier, type IdSpan, later } from './execution-filter.js';

const hourMs = 3_600_000;
/** Sums by the minute are kept for two weeks; before that, an hour is the smallest span that is known. */
const minutesKeptDays = 14;

/** Minutes, or hours where minutes are no longer kept, in which runs of the kind were; newest first. */
export interface FoundSpans {
  readonly spans: readonly IdSpan[];
  /** True when there may be more before the last of them. */
  readonly cut: boolean;
}

interface SpanRow {
  readonly start: Date;
  readonly seconds: number;
}

/**
 * Asks the sums where runs of this kind are, so that the runs themselves are read only there. Sums are written in the
 * transaction of the runs that they count, so none is missed.
 */
export async function findSpans(
  client: pg.PoolClient,
  tenantId: Id<'tenant'>,
  filter: ExecutionFilter,
  within: IdSpan & { readonly fromMs: number; readonly toMs: number },
  spansMax: number,
): Promise<FoundSpans> {
  const conditions = new Conditions(tenantId);
  addSumConditions(conditions, filter);
  const from = conditions.place(new Date(within.fromMs));
  const to = conditions.place(new Date(within.toMs));
  const today = Math.floor(Date.now() / (24 * hourMs)) * 24 * hourMs;
  const kept = conditions.place(new Date(today - (minutesKeptDays - 1) * 24 * hourMs));
  const limit = conditions.place(spansMax + 1);
  const { where } = conditions;
  const text = `
    WITH hours AS (
      SELECT DISTINCT hour FROM execution_hours
        WHERE ${where} AND hour < (SELECT until FROM closed_hours)
          AND hour >= date_trunc('hour', ${from}::timestamptz) AND hour < ${to}
        ORDER BY hour DESC LIMIT ${limit}
    ), found AS (
      SELECT minute AS start, 60 AS seconds FROM usage_deltas
        WHERE ${where} AND minute >= date_trunc('minute', ${from}::timestamptz) AND minute < ${to}
      UNION
      SELECT minute, 60 FROM execution_minutes
        WHERE ${where} AND minute < ${to}
          AND minute >= greatest(date_trunc('minute', ${from}::timestamptz), (SELECT until FROM closed_hours))
      UNION
      SELECT m.minute, 60 FROM hours AS h CROSS JOIN LATERAL (
          SELECT minute FROM execution_minutes
            WHERE ${where} AND minute >= h.hour AND minute < h.hour + interval '1 hour' AND minute < ${to}
              AND minute >= date_trunc('minute', ${from}::timestamptz)
        ) AS m
        WHERE h.hour >= ${kept}
      UNION
      SELECT hour, 3600 FROM hours WHERE hour < ${kept}
    )
    SELECT start, seconds FROM found ORDER BY start DESC LIMIT ${limit}`;
  const { rows } = await client.query<SpanRow>(text, conditions.values);
  const spans = rows.slice(0, spansMax).map(({ start, seconds }) => ({
    low: later(within.low, idBound('execution', start.getTime())),
    high: earlier(within.high, idBound('execution', start.getTime() + seconds * 1_000)),
  }));
  return { spans, cut: rows.length > spansMax };
}
