import { z } from 'zod';
import { jsonValueSchema } from './json.js';
import { oneLinePattern } from './text.js';
import { timeInputSchema } from './time.js';

/** Text attributes of CloudEvents carry no control characters. */
function attribute(charactersMax: number) {
  return z.string().min(1).max(charactersMax).regex(oneLinePattern, 'control characters are not allowed');
}

/** By CloudEvents data is JSON where the subtype is `json` or ends in `+json`. No flags: it stands in the OpenAPI document. */
const jsonMediaType = /^[a-z]+\/(?:[A-Za-z0-9!#$&^_.-]+\+)?json(?: *;.*)?$/;

/** In headers every attribute is text. */
const prioritySchema = z.union([z.int().min(0).max(9), z.string().regex(/^[0-9]$/, 'expected a digit')]);

/** Attributes of CloudEvents 1.0 that Tenon reads, two extension attributes of its own among them. Others are not kept. */
export const cloudEventSchema = z
  .looseObject({
    specversion: z.literal('1.0'),
    id: attribute(256),
    source: attribute(512),
    type: attribute(256),
    subject: attribute(512).optional(),
    time: timeInputSchema.optional(),
    /** JSON in any of its types; functions read nothing else. */
    datacontenttype: z
      .string()
      .max(256)
      .regex(jsonMediaType, 'expected "application/json" or another type of JSON')
      .optional(),
    /** Extension attribute: among the tenant's own events, 9 goes first and 0 last. Default: 5. */
    tenonpriority: prioritySchema.optional(),
    /** Extension attribute: the event does not run before this time, at most 30 days from now. */
    tenonnotbefore: timeInputSchema.optional(),
    data: jsonValueSchema.optional(),
    /** Functions read JSON: bytes would reach them as nothing, so they are refused. */
    data_base64: z.never('binary data is not supported; send JSON as "data"').optional(),
  })
  .meta({
    id: 'CloudEvent',
    example: {
      specversion: '1.0',
      id: 'cart-4711-1',
      source: '/shops/amsterdam',
      type: 'cart.updated',
      data: { currency: 'EUR', lines: [{ sku: 'TEA', quantity: 12, unitPrice: 450 }] },
    },
  });

export type CloudEvent = z.infer<typeof cloudEventSchema>;
