import { type ExecutionsQuery, outcomeNames, outcomes, ProblemError } from '@tenon/contracts';
import type { ExecutionFilter } from '@tenon/database';

type AskedFilters = Omit<ExecutionsQuery, 'cursor' | 'limit'>;

/**
 * What a query asks for, as the repositories take it.
 *
 * @throws ProblemError `invalid_request` where nothing could ever fit
 */
export function filterOf(query: AskedFilters): ExecutionFilter {
  refuseCrossed(query, 'wallUsMin', 'wallUsMax');
  refuseCrossed(query, 'instructionsMin', 'instructionsMax');
  const { function: functionName, version, event, extensionPoint, kind, log } = query;
  const { wallUsMin, wallUsMax, instructionsMin, instructionsMax } = query;
  return {
    functionName,
    versionId: version,
    eventId: event,
    extensionPoint,
    kind,
    log,
    outcomes: outcomesOf(query),
    ...{ wallUsMin, wallUsMax, instructionsMin, instructionsMax },
    from: query.from === undefined ? undefined : new Date(query.from),
    to: query.to === undefined ? undefined : new Date(query.to),
  };
}

function outcomesOf({ outcome, fault }: AskedFilters) {
  if (fault === undefined) return outcome === undefined ? undefined : [outcome];
  const ofFault = outcomeNames.filter((name) => outcomes[name].fault === fault);
  if (outcome === undefined) return ofFault;
  if (ofFault.includes(outcome)) return [outcome];
  throw invalid('/query/outcome', `expected an outcome whose fault is "${fault}": ${ofFault.join(', ')}`);
}

type Figure = 'wallUsMin' | 'wallUsMax' | 'instructionsMin' | 'instructionsMax';

function refuseCrossed(query: AskedFilters, min: Figure, max: Figure): void {
  const [low, high] = [query[min], query[max]];
  if (low !== undefined && high !== undefined && low > high) throw invalid(`/query/${min}`, `expected at most ${max}`);
}

/** A problem with one member of the query. */
export function invalid(pointer: string, message: string): ProblemError {
  return new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer, message },
  ]);
}
