import { ProblemError, type Scope } from '@tenon/contracts';
import type { Caller } from '../http/caller.js';

/**
 * Nobody grants what they do not hold.
 *
 * @throws ProblemError `insufficient_scope`
 */
export function assertHolds(caller: Caller, wanted: readonly Scope[]): void {
  const missing = wanted.filter((scope) => !caller.scopes.includes(scope));
  if (missing.length === 0) return;
  throw new ProblemError('insufficient_scope', `Nobody grants what they do not hold: ${missing.join(', ')}.`);
}
