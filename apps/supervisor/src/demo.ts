import type { CreateFunctionBody, PutExtensionPointBody } from '@tenon/contracts';

interface DemoPoint {
  readonly name: string;
  readonly terms: Pick<PutExtensionPointBody, 'inputSchema' | 'outputSchema' | 'eventTypes'>;
}

interface DemoFunction extends CreateFunctionBody {
  /** The folder in examples/ with the built module and an input. */
  readonly example: string;
}

const text = { type: 'string' };
const cents = { type: 'integer', minimum: 0 };

function listOf<Properties extends object>(required: string[], properties: Properties) {
  return { type: 'array', items: { type: 'object', required, properties } };
}

/** Amounts are in the smallest unit of the currency, such as cents. */
export const demoPoints: readonly DemoPoint[] = [
  {
    name: 'cart.discounts',
    terms: {
      eventTypes: ['cart.updated'],
      inputSchema: {
        type: 'object',
        required: ['currency', 'lines'],
        properties: {
          currency: text,
          lines: listOf(['sku', 'quantity', 'unitPrice'], {
            sku: text,
            quantity: { type: 'integer', minimum: 1 },
            unitPrice: cents,
          }),
        },
      },
      outputSchema: {
        type: 'object',
        required: ['currency', 'discounts'],
        properties: {
          currency: text,
          discounts: listOf(['sku', 'percent', 'amount'], { sku: text, percent: { type: 'number' }, amount: cents }),
        },
      },
    },
  },
  {
    name: 'shipping.rates',
    terms: {
      eventTypes: ['checkout.shipping'],
      inputSchema: {
        type: 'object',
        required: ['destination', 'weightGrams', 'subtotal'],
        properties: {
          destination: { type: 'object', required: ['country'], properties: { country: text } },
          weightGrams: { type: 'integer', minimum: 0 },
          subtotal: cents,
        },
      },
      outputSchema: {
        type: 'object',
        required: ['rates'],
        properties: { rates: listOf(['code', 'amount'], { code: text, amount: cents }) },
      },
    },
  },
];

export const demoFunctions: readonly DemoFunction[] = [
  { name: 'volume-discount', extensionPoint: 'cart.discounts', example: 'volume-discount' },
  { name: 'shipping-rule', extensionPoint: 'shipping.rates', example: 'shipping-rule' },
];

/** The event that is sent at each start, and the function whose execution is shown. */
export const demoEvent = { type: 'cart.updated', source: '/demo', function: 'volume-discount' } as const;
