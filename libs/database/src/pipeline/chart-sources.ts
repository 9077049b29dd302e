import { type Fault, faultSchema, type Id, type Outcome, outcomeNames, outcomes } from '@tenon/contracts';
import { addFunctionConditions, addSumConditions, Conditions } from './execution-filter.js';
import type { StatisticsRequest, SumFilter } from './statistics.js';
import type { Grain } from './sums-of-runs.js';

/** In milliseconds. */
const hour = 3_600_000;
const day = 24 * hour;

/** Hours and days before these times are added up. */
export interface ClosedSpans {
  readonly hoursUntil: Date;
  readonly daysUntil: Date;
}

/** What is to be read of the sums. */
export interface SumsAsked extends Pick<StatisticsRequest, 'filter' | 'from' | 'to'> {
  /** The longest span that may be read as one row. */
  readonly longest: SpanUnit;
  readonly byFunction: boolean;
  /** Only these functions. */
  readonly functionIds?: readonly string[] | undefined;
}

type SpanUnit = 'minute' | 'hour' | 'day';

/**
 * A statement that gives the sums asked for, each run in one of them: days and hours where those are closed, minutes
 * where they are not, and deltas of what is not folded yet. Where nothing is asked of version, kind or single outcome, the
 * rows that were added up over those are read: there are many times fewer.
 *
 * @param columns - Those wanted beside `at`, when the span begins, and `function_id`, which is empty in sums over all:
 * `outcomes` and the figures that are in every table of sums
 */
export function sumsStatement(tenantId: Id<'tenant'>, asked: SumsAsked, closed: ClosedSpans, columns: string) {
  const fine = new Conditions(tenantId);
  addSumConditions(fine, asked.filter);
  addIds(fine, asked.functionIds);
  const fineColumns = columns.replace('outcomes', "outcome || ' ' || executions AS outcomes");
  const from = (table: string, time: string, { low, high }: TimeSpan) =>
    `SELECT ${time} AS at, function_id, ${fineColumns} FROM ${table}
       WHERE ${fine.where} AND ${time} >= ${fine.place(new Date(low))} AND ${time} < ${fine.place(new Date(high))}`;
  const parts = piecesOf(asked, closed).map(({ unit, ...span }) => {
    if (unit === 'minute' || !fitsCharts(asked.filter)) return from(`execution_${unit}s`, unit, span);
    const charts = chartConditions(tenantId, asked, unit, fine);
    return `SELECT start AS at, function_id, ${columns} FROM chart_sums WHERE ${charts.where}
      AND start >= ${charts.place(new Date(span.low))} AND start < ${charts.place(new Date(span.high))}`;
  });
  const deltas = from('usage_deltas', 'minute', { low: asked.from.getTime(), high: asked.to.getTime() });
  return { text: [...parts, deltas].join(' UNION ALL '), conditions: fine };
}

function addIds(to: Conditions, ids: readonly string[] | undefined): void {
  to.add(ids, (place) => `function_id = ANY (${place})`);
}

/** In the same statement as those of `others`. */
function chartConditions(
  tenantId: Id<'tenant'>,
  asked: SumsAsked,
  unit: 'hour' | 'day',
  others: Conditions,
): Conditions {
  const { filter, functionIds } = asked;
  const conditions = new Conditions(tenantId, others.values);
  const grain: Grain = `${needsFunctions(asked) ? 'function' : 'tenant'}_${unit}`;
  conditions.addText(`grain = '${grain}'`);
  if (!needsFunctions(asked)) conditions.addText("function_id = ''");
  addFunctionConditions(conditions, filter);
  addIds(conditions, functionIds);
  if (filter.outcomes !== undefined) conditions.add(wholeFaults(filter.outcomes), (place) => `fault = ANY (${place})`);
  return conditions;
}

function needsFunctions({ filter, byFunction }: SumsAsked): boolean {
  return byFunction || filter.functionName !== undefined || filter.extensionPoint !== undefined;
}

function fitsCharts({ versionId, kind, outcomes: wanted }: SumFilter): boolean {
  return versionId === undefined && kind === undefined && (wanted === undefined || wholeFaults(wanted) !== undefined);
}

/** Whose faults all these outcomes are, if all others of those faults are among them. */
function wholeFaults(wanted: readonly Outcome[]): readonly Fault[] | undefined {
  const faults = faultSchema.options.filter((fault) => wanted.some((name) => outcomes[name].fault === fault));
  const meant = outcomeNames.filter((name) => faults.includes(outcomes[name].fault));
  return meant.every((name) => wanted.includes(name)) ? faults : undefined;
}

/** In milliseconds since 1970; the second is excluded. */
interface TimeSpan {
  readonly low: number;
  readonly high: number;
}

/** Splits the time asked for into spans that are each read in one unit; none is empty, and none overlaps another. */
export function piecesOf(
  { from, to, longest }: Pick<SumsAsked, 'from' | 'to' | 'longest'>,
  { hoursUntil, daysUntil }: ClosedSpans,
): readonly (TimeSpan & { readonly unit: SpanUnit })[] {
  const all = { low: from.getTime(), high: to.getTime() };
  const hours = longest === 'minute' ? nothingOf(all) : wholeUnits(all, hour, hoursUntil.getTime());
  const days = longest === 'day' ? wholeUnits(hours, day, daysUntil.getTime()) : nothingOf(hours);
  const pieces = [
    { unit: 'minute', low: all.low, high: hours.low },
    { unit: 'hour', low: hours.low, high: days.low },
    { unit: 'day', ...days },
    { unit: 'hour', low: days.high, high: hours.high },
    { unit: 'minute', low: hours.high, high: all.high },
  ] as const;
  return pieces.filter(({ low, high }) => low < high);
}

/** The whole units of a span that end by `untilMs`. */
function wholeUnits(span: TimeSpan, unitMs: number, untilMs: number): TimeSpan {
  const low = Math.ceil(span.low / unitMs) * unitMs;
  const high = Math.floor(Math.min(span.high, untilMs) / unitMs) * unitMs;
  return low < high ? { low, high } : nothingOf(span);
}

function nothingOf({ low }: TimeSpan): TimeSpan {
  return { low, high: low };
}
