import { cloudEventMediaTypes } from '@tenon/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseJsonBody } from './json-body.js';

const jsonTypes = ['application/json', cloudEventMediaTypes.structured, cloudEventMediaTypes.batch];

/** Whether the body of `request` is read and parsed before its handler runs. */
export function isJsonRequest({ headers }: FastifyRequest): boolean {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return jsonTypes.includes(type);
}

/**
 * JSON is parsed by our own rules and its bytes are kept for signatures; an upload is handed on as the stream that it
 * is, unread. Any other media type is refused by Fastify with 415.
 */
export function addBodyParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(jsonTypes, { parseAs: 'buffer' }, (request, body, done) => {
    try {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      request.tenonRawBody = bytes;
      done(null, parseJsonBody(bytes));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
  server.addContentTypeParser(['application/wasm', 'application/octet-stream'], (_request, payload, done) =>
    done(null, payload),
  );
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes of a JSON body as they came, for signatures. */
    tenonRawBody?: Buffer;
  }
}
