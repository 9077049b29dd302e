import type { Quotas, RequestCaller, RequestVerdict } from '@tenon/quota';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callBack, whenKnown } from '../http/now-or-later.js';
import { requestFields } from './rate-limit-fields.js';
import { tooManyRequests } from './too-many-requests.js';

/**
 * Counts every request that has a caller, after its key was checked and before its body is read. Public routes have no
 * caller; a webhook counts for its tenant once its source is known.
 */
export function limitEveryRoute(server: FastifyInstance, quotas: Quotas): void {
  server.addHook('onRequest', (request, reply, done) => {
    const caller = countedCaller(request);
    if (caller === undefined) done();
    else callBack(() => whenKnown(quotas.admitRequest(caller), (verdict) => heed(verdict, reply)), done);
  });
}

/** @throws RetryLaterError `rate_limited`; the header fields are set either way */
function heed(verdict: RequestVerdict, reply: FastifyReply): void {
  const fields = requestFields(verdict);
  if (fields !== undefined) reply.headers(fields);
  if (!verdict.admitted) throw tooManyRequests(verdict);
}

/** An operator who acts for a tenant must not use up what that tenant may ask. */
function countedCaller({ tenonCaller, tenonTenantId }: FastifyRequest): RequestCaller | undefined {
  if (tenonCaller === undefined) return undefined;
  const { kind, actor } = tenonCaller;
  return kind === 'operator' || tenonTenantId === undefined ? { actor } : { tenantId: tenonTenantId, actor };
}
