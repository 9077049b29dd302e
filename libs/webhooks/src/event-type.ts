import type { EventTypeMapping, WebhookScheme } from '@tenon/contracts';
import { webhookSchemes } from './schemes.js';
import { singleHeader, type WebhookHeaders } from './verification.js';

/**
 * The event type of a verified message: the sender's own name for it (a header, else the body's `type`) looked up in
 * the mapping, else the fallback, else nothing.
 */
export function eventTypeOf(
  scheme: WebhookScheme,
  mapping: EventTypeMapping,
  headers: WebhookHeaders,
  body: unknown,
): string | undefined {
  const named = nameOf(mapping.header ?? webhookSchemes[scheme].typeHeader, headers, body);
  const mapped = named !== undefined && Object.hasOwn(mapping.types, named) ? mapping.types[named] : undefined;
  return mapped ?? mapping.fallback;
}

function nameOf(header: string | undefined, headers: WebhookHeaders, body: unknown): string | undefined {
  if (header !== undefined) return singleHeader(headers, header);
  if (typeof body !== 'object' || body === null || !('type' in body)) return undefined;
  return typeof body.type === 'string' ? body.type : undefined;
}
