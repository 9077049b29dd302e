import { hash } from 'node:crypto';
import type { Id } from '@tenon/contracts';

/**
 * The seed of a guest's random source. It depends on the event and the function and on nothing else, so a run that is
 * repeated, after a crash or as a replay, is the same bit for bit.
 */
export function seedFor(eventId: Id<'event'> | Id<'execution'>, functionId: Id<'function'>): string {
  return hash('sha256', `${eventId}\n${functionId}`);
}
