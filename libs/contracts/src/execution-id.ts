import { createHash } from 'node:crypto';
import { type Id, idPrefixes } from './ids.js';

const crockford = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * The id of the run of `functionId` on `eventId`, attempt `attempt`. It is computed, not drawn, so that a job that
 * runs again after a crash records the same row once. The first ten characters are the event's own time, so
 * executions sort with their events; the other sixteen are 80 bits of a SHA-256 over all three.
 */
export function executionIdFor(eventId: Id<'event'>, functionId: Id<'function'>, attempt: number): Id<'execution'> {
  const digest = createHash('sha256').update(`${eventId}\n${functionId}\n${attempt}`).digest();
  let bits = 0n;
  for (const byte of digest.subarray(0, 10)) bits = (bits << 8n) | BigInt(byte);
  let suffix = '';
  for (let shift = 75n; shift >= 0n; shift -= 5n) suffix += crockford.charAt(Number((bits >> shift) & 31n));
  const timePart = eventId.slice(idPrefixes.event.length + 1, idPrefixes.event.length + 11);
  return `${idPrefixes.execution}_${timePart}${suffix}`;
}
