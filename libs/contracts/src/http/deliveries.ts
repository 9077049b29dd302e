import { z } from 'zod';
import { idSchema, nameSchema } from '../ids.js';
import { outcomeSchema } from '../outcomes.js';
import { timeInputSchema, timeSchema } from '../time.js';
import { labelSchema } from './common.js';
import { eventTypeSchema } from './extension-points.js';
import { pageOf, pageQueryOf } from './page.js';

const filterEntriesMax = 100;

/** Which results an endpoint wants. */
const endpointTermsShape = {
  name: labelSchema,
  /** `https`, on the public internet, port 443 or 8443, unless the operator allows more. */
  url: z.string().min(1).max(2_048).meta({ example: 'https://hooks.example.com/tenon' }),
  /** Empty: of all extension points. */
  extensionPoints: z.array(nameSchema).max(filterEntriesMax).default([]),
  /** Types of the events that were run; empty: all. */
  eventTypes: z.array(eventTypeSchema).max(filterEntriesMax).default([]),
  outcomes: z.enum(['all', 'succeeded', 'failed']).default('all'),
  /** Deliveries with the same key go out one after the other: per tenant, per function, per subject of the event. */
  ordering: z.enum(['none', 'tenant', 'function', 'subject']).default('none'),
};

/** A new endpoint. */
export const createDeliveryEndpointBodySchema = z
  .strictObject({
    ...endpointTermsShape,
    /** `whsec_` and base64 of 24 to 64 bytes. Without it Tenon makes one. */
    secret: z.string().min(16).max(256).optional().meta({ example: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' }),
  })
  .meta({
    id: 'CreateDeliveryEndpoint',
    example: {
      name: 'billing',
      url: 'https://hooks.example.com/tenon',
      eventTypes: ['cart.updated'],
      ordering: 'subject',
    },
  });
export type CreateDeliveryEndpointBody = z.output<typeof createDeliveryEndpointBodySchema>;

/** All terms of an endpoint at once: what is left out goes back to its default. */
export const putDeliveryEndpointBodySchema = z
  .strictObject(endpointTermsShape)
  .meta({ id: 'PutDeliveryEndpoint', example: { name: 'billing', url: 'https://hooks.example.com/tenon' } });
export type PutDeliveryEndpointBody = z.output<typeof putDeliveryEndpointBodySchema>;

/** An endpoint without its secrets. */
export const deliveryEndpointSchema = z
  .object({
    id: idSchema('deliveryEndpoint'),
    name: z.string(),
    url: z.string(),
    extensionPoints: z.array(z.string()),
    eventTypes: z.array(z.string()),
    outcomes: z.enum(['all', 'succeeded', 'failed']),
    ordering: z.enum(['none', 'tenant', 'function', 'subject']),
    /** How many secrets are live: two after a rotation. */
    liveSecrets: z.int(),
    /** `disabled`: it answered 410, and gets nothing until it is resumed. */
    status: z.enum(['active', 'paused', 'disabled']),
    statusReason: z.string().nullable(),
    /** Attempts in a row that failed; ten open the circuit. */
    failures: z.int(),
    /** Nothing is sent before this time: the circuit is open, or the endpoint asked for it. */
    openUntil: timeSchema.nullable(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'DeliveryEndpoint' });
export type DeliveryEndpointAnswer = z.output<typeof deliveryEndpointSchema>;

/** The only answer that carries the secret. */
export const createdDeliveryEndpointSchema = z
  .object({ ...deliveryEndpointSchema.shape, secret: z.string() })
  .meta({ id: 'CreatedDeliveryEndpoint' });
export type CreatedDeliveryEndpointAnswer = z.output<typeof createdDeliveryEndpointSchema>;

/** Newest first. */
export const deliveryEndpointPageSchema = pageOf(deliveryEndpointSchema, 'DeliveryEndpointPage');
/** Which part of the list. */
export const deliveryEndpointsQuerySchema = pageQueryOf(idSchema('deliveryEndpoint'));

const deliveryStatusSchema = z.enum(['pending', 'delivered', 'failed']);

/** A result on its way to an endpoint. Its id is the `webhook-id` of every attempt. */
export const deliverySchema = z
  .object({
    id: idSchema('delivery'),
    endpointId: idSchema('deliveryEndpoint'),
    kind: z.enum(['execution', 'ping']),
    tenantId: idSchema('tenant').nullable(),
    executionId: idSchema('execution').nullable(),
    extensionPoint: z.string().nullable(),
    eventType: z.string().nullable(),
    outcome: outcomeSchema.nullable(),
    status: deliveryStatusSchema,
    /** Since it was made, or sent again by hand. */
    attempts: z.int(),
    /** For `pending`: not before this time. */
    nextAttemptAt: timeSchema,
    createdAt: timeSchema,
    finishedAt: timeSchema.nullable(),
  })
  .meta({ id: 'Delivery' });
export type DeliveryAnswer = z.output<typeof deliverySchema>;

/** One try, and what came of it. */
const deliveryAttemptSchema = z
  .object({
    attempt: z.int(),
    at: timeSchema,
    durationMs: z.int(),
    /** Null where there was no answer. */
    statusCode: z.int().nullable(),
    /** Why there was none, such as `timeout`, `econnrefused` or `address_not_allowed`. */
    error: z.string().nullable(),
    /** The address that was connected to. */
    address: z.string().nullable(),
    /** The first 1,000 bytes of the answer. */
    body: z.string(),
  })
  .meta({ id: 'DeliveryAttempt' });

/** A delivery with its last fifty attempts, oldest first. */
export const deliveryWithAttemptsSchema = z
  .object({ ...deliverySchema.shape, attemptList: z.array(deliveryAttemptSchema) })
  .meta({ id: 'DeliveryWithAttempts' });
export type DeliveryWithAttemptsAnswer = z.output<typeof deliveryWithAttemptsSchema>;

/** Newest run first. */
export const deliveryPageSchema = pageOf(deliverySchema, 'DeliveryPage');

const deliveryFilterShape = {
  endpoint: idSchema('deliveryEndpoint').optional(),
  tenant: idSchema('tenant').optional(),
  /** Made not before this time. */
  from: timeInputSchema.optional(),
  /** Made before this time. */
  to: timeInputSchema.optional(),
};

/** Every filter narrows. */
export const deliveriesQuerySchema = pageQueryOf(idSchema('delivery')).extend({
  ...deliveryFilterShape,
  status: deliveryStatusSchema.optional(),
});
export type DeliveriesQuery = z.output<typeof deliveriesQuerySchema>;

/** Which finished deliveries are sent again. */
export const resendDeliveriesBodySchema = z
  .strictObject({
    ...deliveryFilterShape,
    status: z.enum(['delivered', 'failed']).default('failed'),
    limit: z.int().min(1).max(1_000).default(1_000),
    /** `next` of the answer before. */
    cursor: idSchema('delivery').optional(),
  })
  .meta({ id: 'ResendDeliveries', example: { status: 'failed', from: '2026-11-21T10:00:00Z' } });
export type ResendDeliveriesBody = z.output<typeof resendDeliveriesBodySchema>;

/** Where there is a `next`, ask again with it as `cursor`: what was sent again and has arrived fits the filter once more. */
export const resentDeliveriesSchema = z
  .object({ resent: z.int(), next: idSchema('delivery').optional() })
  .meta({ id: 'ResentDeliveries' });
export type ResentDeliveriesAnswer = z.output<typeof resentDeliveriesSchema>;
