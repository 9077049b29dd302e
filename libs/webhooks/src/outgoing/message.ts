import { parseStandardSecret, signStandard } from '../standard-webhooks.js';

/** A message to an endpoint, before it is signed. */
export interface OutgoingMessage {
  /** The same at every attempt: what the receiver knows a message by that it has had before. */
  readonly id: string;
  /** The time of the attempt: receivers refuse old ones. */
  readonly timestampMs: number;
  /** JSON text. */
  readonly body: string;
}

/**
 * The headers of Standard Webhooks 1.0, with one signature for each live secret.
 *
 * @throws RangeError where none of the secrets is a `whsec_` secret
 */
export function signedHeaders(message: OutgoingMessage, secrets: readonly string[]): Record<string, string> {
  const timestampS = Math.floor(message.timestampMs / 1_000);
  const keys = secrets.map(parseStandardSecret).filter((key) => key !== undefined);
  if (keys.length === 0) throw new RangeError('a message needs a secret to be signed with');
  const bytes = Buffer.from(message.body);
  return {
    'content-type': 'application/json',
    'user-agent': 'Tenon-Webhooks/1',
    'webhook-id': message.id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': keys.map((key) => signStandard(key, message.id, timestampS, bytes)).join(' '),
  };
}
