import type { IncomingMessage } from 'node:http';
import { newId } from '@tenon/contracts';

/** A request id from outside is taken if it can stand in a log line and a header as it is. */
const acceptable = /^[A-Za-z0-9._-]{1,64}$/;

/** The caller's `X-Request-Id`, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && acceptable.test(given) ? given : newId('request');
}
