import { randomBytes } from 'node:crypto';
import { decodeBase64, equalInConstantTime, hmacSha256 } from './signatures.js';
import { refused, singleHeader, type WebhookMessage, type WebhookVerification } from './verification.js';

/** Standard Webhooks asks for 24 to 64 random bytes. */
const secretBytesMin = 24;
const secretBytesMax = 64;
const secretPrefix = 'whsec_';

/** How far the sender's clock may be off, either way; the five minutes of the reference libraries. */
export const standardToleranceMs = 5 * 60_000;

/** A header may list several signatures (rotation, other versions); more than this is an attack on our CPU. */
const signaturesMax = 16;

/** A new secret in the form that the standard's libraries take: `whsec_` and base64 of 32 random bytes. */
export function newStandardSecret(): string {
  return secretPrefix + randomBytes(32).toString('base64');
}

/** The key inside a `whsec_` secret, or nothing where the text is not one. */
export function parseStandardSecret(secret: string): Uint8Array | undefined {
  if (!secret.startsWith(secretPrefix)) return undefined;
  const key = decodeBase64(secret.slice(secretPrefix.length));
  return key !== undefined && key.length >= secretBytesMin && key.length <= secretBytesMax ? key : undefined;
}

/** The value of `webhook-signature` for one secret. */
export function signStandard(key: Uint8Array, id: string, timestampS: number, body: Uint8Array): string {
  return `v1,${hmacSha256(key, `${id}.${timestampS}.`, body).toString('base64')}`;
}

/**
 * Verifies a message by Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`
 * (`v1,` entries parted by spaces) over `id.timestamp.body`. Any of `keys` may have signed it, so that two secrets
 * can be live while one replaces the other. Every key is tried whatever the others gave.
 */
export function verifyStandard(keys: readonly Uint8Array[], message: WebhookMessage): WebhookVerification {
  const id = singleHeader(message.headers, 'webhook-id');
  const timestamp = singleHeader(message.headers, 'webhook-timestamp', 16);
  const signatures = singleHeader(message.headers, 'webhook-signature', 4_096);
  if (id === undefined || timestamp === undefined || signatures === undefined) return refused('header_missing');
  if (!/^[0-9]{1,11}$/.test(timestamp)) return refused('header_malformed');
  const ageMs = message.nowMs - Number(timestamp) * 1_000;
  if (ageMs > standardToleranceMs) return refused('too_old');
  if (ageMs < -standardToleranceMs) return refused('too_new');
  const candidates = parseSignatures(signatures);
  const expected = keys.map((key) => hmacSha256(key, `${id}.${timestamp}.`, message.body));
  let matches = false;
  for (const candidate of candidates) {
    for (const digest of expected) matches = equalInConstantTime(digest, candidate) || matches;
  }
  return matches ? { verified: true, messageId: id } : refused('signature_mismatch');
}

/** Only `v1` (HMAC-SHA-256) is ours; other versions are skipped, as the standard says. */
function parseSignatures(header: string): Buffer[] {
  return header
    .split(' ', signaturesMax)
    .filter((entry) => entry.startsWith('v1,'))
    .map((entry) => decodeBase64(entry.slice('v1,'.length)))
    .filter((signature) => signature !== undefined);
}
