import { hash } from 'node:crypto';
import { type Id, idPrefixes } from './ids.js';

const crockford = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * The id of the run of `functionId` on `eventId`, attempt `attempt`. It is computed, not drawn, so that a job that
 * runs again after a crash records the same row once. The first ten characters are the event's own time, so
 * executions sort with their events; the other sixteen are 80 bits of a SHA-256 over all three.
 */
export function executionIdFor(eventId: Id<'event'>, functionId: Id<'function'>, attempt: number): Id<'execution'> {
  // A byte per character: a digest as a Buffer costs four times as much.
  const digest = hash('sha256', `${eventId}\n${functionId}\n${attempt}`, 'binary');
  const suffix = fiveBytes(digest, 0) + fiveBytes(digest, 5);
  const timePart = eventId.slice(idPrefixes.event.length + 1, idPrefixes.event.length + 11);
  return `${idPrefixes.execution}_${timePart}${suffix}`;
}

/** 40 bits as eight characters of five bits each, in two halves that fit a small integer. */
function fiveBytes(bytes: string, at: number): string {
  const byte = (offset: number) => bytes.charCodeAt(at + offset);
  const high = (byte(0) << 12) | (byte(1) << 4) | (byte(2) >> 4);
  const low = ((byte(2) & 15) << 16) | (byte(3) << 8) | byte(4);
  let text = '';
  for (const half of [high, low]) {
    for (let shift = 15; shift >= 0; shift -= 5) text += crockford.charAt((half >> shift) & 31);
  }
  return text;
}
