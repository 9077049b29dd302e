import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { entityTagOf, matchesWeakly, parseTagList } from './entity-tag.js';
import { settingsOf } from './route-settings.js';

/**
 * Gives every JSON answer to a read its entity tag, and 304 to whoever has it already. A PUT answers with the resource
 * as it is now, so its tag is that of the next read.
 */
export function tagAnswers(server: FastifyInstance): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    if (!isTagged(request, reply) || (typeof payload !== 'string' && !Buffer.isBuffer(payload))) {
      done(null, payload);
      return;
    }
    const tag = entityTagOf(payload);
    reply.header('etag', tag);
    if (request.method === 'GET' && isKnown(request, tag)) {
      reply.code(304).removeHeader('content-type').removeHeader('content-length');
      done(null, null);
    } else done(null, payload);
  });
}

function isTagged(request: FastifyRequest, reply: FastifyReply): boolean {
  const { method } = request;
  if (reply.statusCode !== 200 || (method !== 'GET' && method !== 'PUT')) return false;
  const access = settingsOf(request)?.access ?? { kind: 'public' };
  if (access.kind === 'public') return false;
  return String(reply.getHeader('content-type') ?? '').startsWith('application/json');
}

/** A header that is no list of tags names none: a read does not fail over it. */
function isKnown({ headers }: FastifyRequest, tag: string): boolean {
  try {
    return matchesWeakly(parseTagList('if-none-match', headers['if-none-match']) ?? [], tag);
  } catch {
    return false;
  }
}
