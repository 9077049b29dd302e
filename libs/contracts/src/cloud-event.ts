import { z } from 'zod';

/** Attributes of CloudEvents 1.0 that Tenon reads. Extension attributes are kept as they came. */
export const cloudEventSchema = z
  .looseObject({
    specversion: z.literal('1.0'),
    id: z.string().min(1).max(256),
    source: z.string().min(1).max(512),
    type: z.string().min(1).max(256),
    subject: z.string().min(1).max(512).optional(),
    time: z.iso.datetime({ offset: true }).optional(),
    datacontenttype: z.literal('application/json').optional(),
    data: z.json().optional(),
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
