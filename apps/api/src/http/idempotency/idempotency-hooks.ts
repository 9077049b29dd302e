import type { FastifyInstance } from 'fastify';
import { isJsonRequest } from '../body-parsers.js';
import { hashWhileReading } from './body-hash.js';
import { Idempotency, type IdempotencyPlatform } from './idempotency.js';

/** Heeds `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) on every route that changes something. */
export function heedIdempotencyKeys(server: FastifyInstance, platform: IdempotencyPlatform): void {
  const idempotency = new Idempotency(platform);
  server.addHook('preParsing', (request, _reply, payload, done) => {
    if (!idempotency.concerns(request) || isJsonRequest(request)) {
      done(null, payload);
      return;
    }
    const hashed = hashWhileReading(payload);
    request.tenonHashedBody = hashed;
    done(null, hashed.stream);
  });
  server.addHook('preHandler', (request, reply, done) => {
    if (!idempotency.concerns(request)) done();
    else idempotency.begin(request, reply, done).catch(done);
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    if (request.tenonHeldKey === undefined) done(null, payload);
    else idempotency.end(request, reply, payload).then(() => done(null, payload), done);
  });
}
