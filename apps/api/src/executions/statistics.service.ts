import { Inject, Injectable } from '@nestjs/common';
import {
  type StatisticsAnswer,
  type StatisticsBucket,
  type StatisticsQuery,
  statisticsBuckets,
} from '@tenon/contracts';
import type { Database, RunStatistics, StatisticsSeries } from '@tenon/database';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';
import { filterOf, invalid } from './execution-filters.js';

const daySeconds = 86_400;
const spanSecondsDefault = daySeconds;
const seriesMax = 20;
const hourSeconds = 3_600;
/** What a chart may ask for, in seconds: no more sums than are read in a tenth of a second, and a few hundred buckets. */
const spanSecondsMax: Readonly<Record<StatisticsBucket, number>> = {
  '1m': 3 * hourSeconds,
  '5m': 6 * hourSeconds,
  '15m': 6 * hourSeconds,
  '1h': 8 * daySeconds,
  '6h': 60 * daySeconds,
  '1d': 400 * daySeconds,
};

interface Span {
  readonly from: Date;
  readonly to: Date;
  readonly bucketSeconds: number;
}

/** Runs added up over time, for charts. */
@Injectable()
export class StatisticsService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async read(caller: TenantCaller, query: StatisticsQuery): Promise<StatisticsAnswer> {
    const span = spanOf(query, Date.now());
    const request = { ...span, filter: filterOf(query), functionsMax: query.by === 'function' ? seriesMax : undefined };
    const series = await this.database.statistics.read(caller.tenantId, request);
    const names = await this.#namesOf(caller, series);
    const spanSeconds = (span.to.getTime() - span.from.getTime()) / 1_000;
    return {
      from: span.from.toISOString(),
      to: span.to.toISOString(),
      bucketSeconds: span.bucketSeconds,
      series: series.map(({ functionId, total, buckets }) => ({
        ...(functionId === undefined ? {} : { functionId, function: names.get(functionId) ?? functionId }),
        total: answerOf(total, spanSeconds),
        buckets: buckets.map(({ start, ...figures }) => ({
          start: start.toISOString(),
          ...answerOf(figures, span.bucketSeconds),
        })),
      })),
    };
  }

  async #namesOf(caller: TenantCaller, series: readonly StatisticsSeries[]): Promise<ReadonlyMap<string, string>> {
    const ids = series.flatMap(({ functionId }) => functionId ?? []);
    return ids.length === 0 ? new Map() : await this.database.statistics.functionNames(caller.tenantId, ids);
  }
}

function answerOf(figures: RunStatistics, seconds: number) {
  return { ...figures, executionsPerSecond: Math.round((figures.executions / seconds) * 1_000) / 1_000 };
}

/** The asked time in whole buckets (UTC). */
function spanOf(query: StatisticsQuery, nowMs: number): Span {
  const toMs = query.to === undefined ? nowMs : Date.parse(query.to);
  const fromMs = query.from === undefined ? toMs - spanSecondsFor(query.bucket) * 1_000 : Date.parse(query.from);
  if (fromMs >= toMs) throw invalid('/query/from', 'expected a time before "to"');
  const bucket = query.bucket ?? bucketFor((toMs - fromMs) / 1_000);
  const bucketSeconds = statisticsBuckets[bucket];
  if (toMs - fromMs > spanSecondsMax[bucket] * 1_000) {
    throw invalid(
      '/query/from',
      `expected at most ${spanSecondsMax[bucket] / hourSeconds} hours with buckets of ${bucket}`,
    );
  }
  const bucketMs = bucketSeconds * 1_000;
  const [first, last] = [Math.floor(fromMs / bucketMs), Math.ceil(toMs / bucketMs)];
  return { from: new Date(first * bucketMs), to: new Date(last * bucketMs), bucketSeconds };
}

/** Where nobody says from when: a day, or less where the bucket is for less. */
function spanSecondsFor(bucket: StatisticsBucket | undefined): number {
  return bucket === undefined ? spanSecondsDefault : Math.min(spanSecondsDefault, spanSecondsMax[bucket]);
}

/** The finest one but seldom more than two hundred. */
function bucketFor(spanSeconds: number): StatisticsBucket {
  if (spanSeconds <= 2 * hourSeconds) return '1m';
  if (spanSeconds <= 6 * hourSeconds) return '5m';
  if (spanSeconds <= 8 * daySeconds) return '1h';
  return spanSeconds <= 50 * daySeconds ? '6h' : '1d';
}
