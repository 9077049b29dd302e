import type { FastifyInstance } from 'fastify';
import { isJsonRequest } from '../body-parsers.js';
import { hashWhileReading } from './body-hash.js';
import { Idempotency, type IdempotencyPlatform } from './idempotency.js';

/** Heeds `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) on every route that changes something. */
export function heedIdempotencyKeys(server: FastifyInstance, platform: IdempotencyPlatform): void {
  const idempotency = new Idempotency(platform);
  server.addHook('preParsing', async (request, _reply, payload) => {
    if (!idempotency.concerns(request) || isJsonRequest(request)) return payload;
    const hashed = hashWhileReading(payload);
    request.tenonHashedBody = hashed;
    return hashed.stream;
  });
  server.addHook('preHandler', (request, reply, done) => {
    if (!idempotency.concerns(request)) done();
    else idempotency.begin(request, reply, done).catch(done);
  });
  server.addHook('onSend', async (request, reply, payload) => {
    await idempotency.end(request, reply, payload);
    return payload;
  });
}
