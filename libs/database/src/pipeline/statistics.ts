import type { Id, Outcome } from '@tenon/contracts';
import type { ExecutionFilter } from './execution-filter.js';

/** Sums know neither the single run nor its log. */
export type SumFilter = Pick<ExecutionFilter, 'functionName' | 'versionId' | 'extensionPoint' | 'outcomes' | 'kind'>;

/** What is to be added up. */
export interface StatisticsRequest {
  readonly filter: SumFilter;
  /** A multiple of the bucket since 1970; the second is excluded. */
  readonly from: Date;
  readonly to: Date;
  /** Length of a bucket: a whole number of minutes that divides an hour, or of hours. */
  readonly bucketSeconds: number;
  /** One series per function rather than one over all: so many, of those with the most runs. */
  readonly functionsMax?: number | undefined;
}

/** How large something was over many runs. Percentiles are within 4.5 %; the others are exact. */
export interface Spread {
  readonly mean: number;
  readonly max: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Runs of one span of time. */
export interface RunStatistics {
  readonly executions: number;
  readonly outcomes: Partial<Record<Outcome, number>>;
  readonly wallUs: Spread;
  readonly instructions: Spread;
}

export interface StatisticsSeries {
  /** Absent for the series over all functions. */
  readonly functionId?: Id<'function'>;
  readonly total: RunStatistics;
  /** Only those in which something ran, oldest first. */
  readonly buckets: readonly (RunStatistics & { readonly start: Date })[];
}
