import type { WebhookScheme } from '@tenon/contracts';
import { verifyShopify } from './shopify.js';
import { newStandardSecret, parseStandardSecret, verifyStandard } from './standard-webhooks.js';
import type { WebhookMessage, WebhookVerification } from './verification.js';

interface SchemeFacts {
  /** The header that names the kind of message, unless a mapping says otherwise. */
  readonly typeHeader: string | undefined;
  /** The key inside a secret; nothing where the text is not a secret of this scheme. */
  parseSecret(secret: string): Uint8Array | undefined;
  verify(keys: readonly Uint8Array[], message: WebhookMessage): WebhookVerification;
}

/** Everything that differs between the ways of signing that Tenon knows. */
export const webhookSchemes: Readonly<Record<WebhookScheme, SchemeFacts>> = {
  standard: { typeHeader: undefined, parseSecret: parseStandardSecret, verify: verifyStandard },
  shopify: {
    typeHeader: 'x-shopify-topic',
    parseSecret: (secret) => (secret.length > 0 ? Buffer.from(secret, 'utf8') : undefined),
    verify: verifyShopify,
  },
};

/** A secret that Tenon makes fits both schemes: for Shopify it is taken as the text that it is. */
export function newWebhookSecret(): string {
  return newStandardSecret();
}

/**
 * Verifies a message against the secrets that are live. Without any secret (an unknown source) the same work is done
 * with a key that nobody has, so that the time to the answer does not tell the two apart.
 */
export function verifyWebhook(
  scheme: WebhookScheme,
  secrets: readonly string[],
  message: WebhookMessage,
): WebhookVerification {
  const facts = webhookSchemes[scheme];
  const keys = secrets.map((secret) => facts.parseSecret(secret)).filter((key) => key !== undefined);
  return facts.verify(keys.length > 0 ? keys : [unknownSourceKey], message);
}

const unknownSourceKey = Buffer.from(newStandardSecret(), 'utf8');
