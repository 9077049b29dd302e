import { type Id, idBound, idTimeMs, type Outcome } from '@tenon/contracts';
import type { ExecutionKind } from './execution-record.js';

/** Which executions are meant; what is left out doesn't narrow it. */
export interface ExecutionFilter {
  /** The functions that have, or had, this name. */
  readonly functionName?: string | undefined;
  readonly versionId?: Id<'version'> | undefined;
  readonly eventId?: Id<'event'> | undefined;
  readonly extensionPoint?: string | undefined;
  /** Any of these. */
  readonly outcomes?: readonly Outcome[] | undefined;
  readonly kind?: ExecutionKind | undefined;
  /** The time in the id (that of the event) is this or later. */
  readonly from?: Date | undefined;
  /** The time in the id is before this. */
  readonly to?: Date | undefined;
  readonly wallUsMin?: number | undefined;
  readonly wallUsMax?: number | undefined;
  readonly instructionsMin?: number | undefined;
  readonly instructionsMax?: number | undefined;
  /** Text that the log contains, whatever its case. */
  readonly log?: string | undefined;
}

type Value = string | number | Date | readonly string[];

/** Conditions of one statement and the values that they speak of. Only what was asked for becomes a condition. */
export class Conditions {
  readonly values: Value[];
  readonly #conditions = ['tenant_id = $1'];

  /** @param values - Those of other conditions in the same statement, whose first is the tenant as well. */
  constructor(tenantId: Id<'tenant'>, values: Value[] = [tenantId]) {
    this.values = values;
  }

  /** Keeps a value and says its place in the statement. */
  place(value: Value): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  add<Given extends Value>(value: Given | undefined, condition: (place: string) => string): this {
    if (value !== undefined) this.#conditions.push(condition(this.place(value)));
    return this;
  }

  /** Adds a condition that speaks of no value. */
  addText(condition: string | undefined): this {
    if (condition !== undefined) this.#conditions.push(condition);
    return this;
  }

  get where(): string {
    return this.#conditions.join(' AND ');
  }
}

// A function that was deleted and made again had the name before: runs of both are meant.
const functionByName = (place: string) =>
  `function_id = ANY (ARRAY(SELECT f.id FROM functions AS f WHERE f.tenant_id = $1 AND f.name = ${place}))`;
const functionOnPoint = (place: string) =>
  `function_id = ANY (ARRAY(SELECT f.id FROM functions AS f WHERE f.tenant_id = $1 AND f.extension_point = ${place}))`;

/** Adds what a row of `executions` must be, bounds of time excepted. */
export function addRunConditions(to: Conditions, filter: ExecutionFilter): void {
  to.add(filter.functionName, functionByName)
    .add(filter.versionId, (place) => `version_id = ${place}`)
    .add(filter.eventId, (place) => `event_id = ${place}`)
    .add(filter.extensionPoint, (place) => `extension_point = ${place}`)
    .add(filter.kind, (place) => `kind = ${place}`)
    .add(filter.wallUsMin, (place) => `wall_us >= ${place}`)
    .add(filter.wallUsMax, (place) => `wall_us <= ${place}`)
    .add(filter.instructionsMin, (place) => `instructions_used >= ${place}`)
    .add(filter.instructionsMax, (place) => `instructions_used <= ${place}`);
  addOutcomes(to, filter.outcomes);
}

/** Adds of which functions a row of sums must be. */
export function addFunctionConditions(to: Conditions, filter: ExecutionFilter): void {
  to.add(filter.functionName, functionByName).add(filter.extensionPoint, functionOnPoint);
}

/** Adds what a row of sums must be to have counted such a run, bounds of time excepted. */
export function addSumConditions(to: Conditions, filter: ExecutionFilter): void {
  addFunctionConditions(to, filter);
  to.add(filter.versionId, (place) => `version_id = ${place}`)
    .add(filter.kind, (place) => `kind = ${place}`)
    .add(filter.wallUsMin, (place) => `wall_us_max >= ${place}`)
    .add(filter.wallUsMax, (place) => `wall_us_min <= ${place}`)
    .add(filter.instructionsMin, (place) => `instructions_max >= ${place}`)
    .add(filter.instructionsMax, (place) => `instructions_min <= ${place}`);
  addOutcomes(to, filter.outcomes);
}

/** Without `succeeded`, says so once more: that is what the index of failures is asked by. */
function addOutcomes(to: Conditions, outcomes: readonly Outcome[] | undefined): void {
  const failures = outcomes !== undefined && !outcomes.includes('succeeded');
  to.add(outcomes, (place) => `outcome = ANY (${place})${failures ? " AND outcome <> 'succeeded'" : ''}`);
}

/** True where few runs may be meant among many: then sums say where they are. */
export function isSelective(filter: ExecutionFilter): boolean {
  const { versionId, extensionPoint, outcomes, kind, wallUsMin, wallUsMax, instructionsMin, instructionsMax } = filter;
  const narrowing = [versionId, extensionPoint, outcomes, kind, wallUsMin, wallUsMax, instructionsMin, instructionsMax];
  return narrowing.some((value) => value !== undefined);
}

/** A span of ids, the second excluded. */
export interface IdSpan {
  readonly low: string;
  readonly high: string;
}

/** Behind every id. */
const lastId = 'exe_~';

/** The ids that can be meant: by the bounds of time, by the event, and by where the page before ended. */
export function idSpanOf(filter: ExecutionFilter, cursor: string | undefined): IdSpan {
  const lows = [''];
  const highs = [lastId];
  if (filter.from !== undefined) lows.push(idBound('execution', filter.from.getTime()));
  if (filter.to !== undefined) highs.push(idBound('execution', filter.to.getTime()));
  if (filter.eventId !== undefined) {
    const eventMs = idTimeMs(filter.eventId);
    lows.push(idBound('execution', eventMs));
    highs.push(idBound('execution', eventMs + 1));
  }
  if (cursor !== undefined) highs.push(cursor);
  return { low: lows.reduce(later), high: highs.reduce(earlier) };
}

export function later(a: string, b: string): string {
  return a > b ? a : b;
}

export function earlier(a: string, b: string): string {
  return a < b ? a : b;
}
