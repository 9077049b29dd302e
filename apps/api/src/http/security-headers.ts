import type { FastifyReply } from 'fastify';

const headers: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  // Heeded only over TLS, which ends in front of this process.
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
};

/** The answers of the API are data: nothing in them may load or run anything. */
const apiPolicy = "default-src 'none'; frame-ancestors 'none'";

/** Swagger UI brings its own scripts; it sets some styles inline and shows a picture as a data URL. */
const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const apiHeaders = { ...headers, 'content-security-policy': apiPolicy, 'cache-control': 'no-store' };
const docsHeaders = { ...headers, 'content-security-policy': docsPolicy, 'cache-control': 'no-cache' };

/** Sets the headers that every answer carries. */
export function setSecurityHeaders(reply: FastifyReply, path: string): void {
  const isDocs = path === '/docs' || path.startsWith('/docs/');
  reply.headers(isDocs ? docsHeaders : apiHeaders);
}
