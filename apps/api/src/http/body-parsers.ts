import { cloudEventMediaTypes, ProblemError } from '@tenon/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { asError } from './as-error.js';
import { parseJsonBody } from './json-body.js';
import { settingsOf } from './route-settings.js';

const jsonTypes = ['application/json', cloudEventMediaTypes.structured, cloudEventMediaTypes.batch];
/** What ends in `+json` is JSON with a meaning of its own (RFC 6839), and senders of webhooks use such types. */
const jsonSuffix = /^application\/[\w!#$&^.-]+\+json(?:;|$)/i;
const uploadTypes = ['application/wasm', 'application/octet-stream'];

/** Whether the body of `request` is read and parsed before its handler runs. */
export function isJsonRequest({ headers }: FastifyRequest): boolean {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return jsonTypes.includes(type) || jsonSuffix.test(type);
}

/** What a route can read, for whoever sent something else. */
export function readableTypes(request: FastifyRequest): string {
  return settingsOf(request)?.upload === true
    ? `Send the module as ${uploadTypes.join(' or ')}.`
    : `Send JSON, as one of ${jsonTypes.join(', ')}.`;
}

/**
 * JSON is parsed by our own rules and its bytes are kept for signatures; an upload is handed on as the stream that it
 * is, unread, and only where the route is for uploads. Any other media type is refused by Fastify with 415.
 */
export function addBodyParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const readJson = (request: FastifyRequest, body: Buffer, done: (error: Error | null, value?: unknown) => void) => {
    try {
      request.tenonRawBody = body;
      done(null, parseJsonBody(body));
    } catch (error) {
      done(asError(error));
    }
  };
  server.addContentTypeParser(jsonTypes, { parseAs: 'buffer' }, readJson);
  server.addContentTypeParser(jsonSuffix, { parseAs: 'buffer' }, readJson);
  server.addContentTypeParser(uploadTypes, (request, payload, done) => {
    if (settingsOf(request)?.upload === true) done(null, payload);
    else done(new ProblemError('unsupported_media_type', readableTypes(request)));
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes of a JSON body as they came, for signatures. */
    tenonRawBody?: Buffer;
  }
}
