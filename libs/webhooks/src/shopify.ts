import { decodeBase64, equalInConstantTime, hmacSha256 } from './signatures.js';
import {
  refused,
  singleHeader,
  type WebhookHeaders,
  type WebhookMessage,
  type WebhookVerification,
} from './verification.js';

/** The value of `X-Shopify-Hmac-Sha256` for a body. */
export function signShopify(key: Uint8Array, body: Uint8Array): string {
  return hmacSha256(key, body).toString('base64');
}

/**
 * Verifies a webhook of Shopify: base64 of an HMAC-SHA-256 over the raw body, with the app's client secret. Shopify
 * signs no time, so what keeps a recorded message from being sent again is deduplication by its id: see
 * {@link messageIdOf}.
 */
export function verifyShopify(keys: readonly Uint8Array[], message: WebhookMessage): WebhookVerification {
  const signature = singleHeader(message.headers, 'x-shopify-hmac-sha256');
  const id = messageIdOf(message.headers);
  if (signature === undefined || id === undefined) return refused('header_missing');
  const candidate = decodeBase64(signature);
  if (candidate === undefined) return refused('header_malformed');
  let matches = false;
  for (const key of keys) matches = equalInConstantTime(hmacSha256(key, message.body), candidate) || matches;
  return matches ? { verified: true, messageId: id } : refused('signature_mismatch');
}

/**
 * `X-Shopify-Event-Id` and the topic: one act in a shop has one event id and sends a message for each topic that it
 * touches, and those are not the same message. Without it `X-Shopify-Webhook-Id`, which each message has of its own.
 */
function messageIdOf(headers: WebhookHeaders): string | undefined {
  const eventId = singleHeader(headers, 'x-shopify-event-id');
  if (eventId === undefined) return singleHeader(headers, 'x-shopify-webhook-id');
  const topic = singleHeader(headers, 'x-shopify-topic');
  return topic === undefined ? eventId : `${eventId}:${topic}`;
}
