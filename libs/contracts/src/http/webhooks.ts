import { z } from 'zod';
import { idSchema } from '../ids.js';
import { timeSchema } from '../time.js';
import { labelSchema } from './common.js';
import { eventTypeSchema } from './extension-points.js';
import { pageOf, pageQueryOf } from './page.js';

/** How a sender signs: Standard Webhooks, or as Shopify does. */
export const webhookSchemeSchema = z.enum(['standard', 'shopify']);
export type WebhookScheme = z.infer<typeof webhookSchemeSchema>;

/**
 * How a message gets its event type: the value of `header` (`X-Shopify-Topic` for Shopify; without a header the body's
 * own `type`, as Standard Webhooks recommends) is looked up in `types`; what is not found there becomes `fallback`,
 * and without a fallback the message is refused.
 */
export const eventTypeMappingSchema = z.strictObject({
  header: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'expected the name of an HTTP header')
    .transform((name) => name.toLowerCase())
    .optional(),
  types: z
    .record(z.string().min(1).max(256), eventTypeSchema)
    .refine((types) => Object.keys(types).length <= 100, 'expected at most 100 entries')
    .default({}),
  fallback: eventTypeSchema.optional(),
});
export type EventTypeMapping = z.output<typeof eventTypeMappingSchema>;

const webhookSecretSchema = z.string().min(16).max(256);

/** A new source of signed messages. */
export const createWebhookSourceBodySchema = z
  .strictObject({
    name: labelSchema,
    scheme: webhookSchemeSchema,
    mapping: eventTypeMappingSchema,
    /** The sender's secret, where the sender chooses it, as Shopify does. Without it Tenon makes one. */
    secret: webhookSecretSchema.optional(),
  })
  .meta({
    id: 'CreateWebhookSource',
    example: { name: 'shop', scheme: 'shopify', mapping: { types: { 'carts/update': 'cart.updated' } } },
  });
export type CreateWebhookSourceBody = z.output<typeof createWebhookSourceBodySchema>;

/** The terms of a source that can change; its scheme is what its sender speaks, and stays. */
export const putWebhookSourceBodySchema = z
  .strictObject({ name: labelSchema, mapping: eventTypeMappingSchema })
  .meta({ id: 'PutWebhookSource', example: { name: 'shop', mapping: { types: { 'carts/update': 'cart.updated' } } } });
export type PutWebhookSourceBody = z.output<typeof putWebhookSourceBodySchema>;

/** The next secret of a source; the one before stays live until the next rotation. */
export const rotateSecretBodySchema = z
  .strictObject({
    /** The sender's next secret, where the sender chooses it. Without it Tenon makes one. */
    secret: webhookSecretSchema.optional(),
  })
  .meta({ id: 'RotateSecret' });
export type RotateSecretBody = z.output<typeof rotateSecretBodySchema>;

/** A source without its secret. */
export const webhookSourceSchema = z
  .object({
    id: idSchema('webhookSource'),
    name: z.string(),
    scheme: webhookSchemeSchema,
    mapping: z.object({
      header: z.string().optional(),
      types: z.record(z.string(), z.string()),
      fallback: z.string().optional(),
    }),
    /** Where the sender posts to, below the address of the api. */
    path: z.string(),
    /** How many secrets verify now: two from the first rotation on. */
    liveSecrets: z.int(),
    createdAt: timeSchema,
  })
  .meta({ id: 'WebhookSource' });
export type WebhookSourceAnswer = z.output<typeof webhookSourceSchema>;

/** The only answer that carries the secret. */
export const createdWebhookSourceSchema = z
  .object({ ...webhookSourceSchema.shape, secret: z.string() })
  .meta({ id: 'CreatedWebhookSource' });
export type CreatedWebhookSourceAnswer = z.output<typeof createdWebhookSourceSchema>;

/** Newest first. */
export const webhookSourcePageSchema = pageOf(webhookSourceSchema, 'WebhookSourcePage');
/** Which part of the list. */
export const webhookSourcesQuerySchema = pageQueryOf(idSchema('webhookSource'));
