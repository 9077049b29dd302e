export { eventTypeOf } from './event-type.js';
export * from './outgoing/index.js';
export { newWebhookSecret, verifyWebhook, webhookSchemes } from './schemes.js';
export { signShopify } from './shopify.js';
export { newStandardSecret, parseStandardSecret, signStandard, standardToleranceMs } from './standard-webhooks.js';
export type { WebhookHeaders, WebhookMessage, WebhookRefusal, WebhookVerification } from './verification.js';
