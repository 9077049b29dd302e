import { describe, expect, test } from '@jest/globals';
import {
  createKeyBodySchema,
  createTenantBodySchema,
  createWebhookSourceBodySchema,
  executionsQuerySchema,
  newId,
  putExtensionPointBodySchema,
  putPlanBodySchema,
  testBodySchema,
  timeInputSchema,
} from '../src/index.js';

const point = { inputSchema: {}, outputSchema: {} };

describe('bodies', () => {
  test('what is left out takes its default', () => {
    expect(createTenantBodySchema.parse({ name: ' Tea ' })).toEqual({ name: 'Tea', plan: 'default' });
    expect(putExtensionPointBodySchema.parse(point)).toMatchObject({
      eventTypes: [],
      mode: 'async',
      failurePolicy: 'open',
      limits: { instructionsMax: 11_000_000, deadlineMs: 2_000 },
    });
    expect(putPlanBodySchema.parse({}).functionsMax).toBe(100);
  });

  test.each([
    ['a misspelt member', createTenantBodySchema, { name: 'x', plna: 'default' }],
    ['a misspelt limit', putExtensionPointBodySchema, { ...point, limits: { instructionMax: 1_000 } }],
    ['a control character in a name', createTenantBodySchema, { name: 'a\u0007b' }],
    ['a key without scopes', createKeyBodySchema, { name: 'x', scopes: [] }],
    ['a scope that nobody has', createKeyBodySchema, { name: 'x', scopes: ['everything'] }],
    ['a test without an input', testBodySchema, {}],
    ['an event type with a space', putExtensionPointBodySchema, { ...point, eventTypes: ['cart updated'] }],
    [
      'a header that is none',
      createWebhookSourceBodySchema,
      { name: 'x', scheme: 'standard', mapping: { header: 'a b' } },
    ],
  ])('%s is refused', (_name, schema, body) => {
    expect(schema.safeParse(body).success).toBe(false);
  });

  test('null is an input like any other', () => {
    expect(testBodySchema.parse({ input: null })).toEqual({ input: null });
  });

  test('headers of a mapping are compared in lower case', () => {
    const body = { name: 'x', scheme: 'standard', mapping: { header: 'X-Topic' } };
    expect(createWebhookSourceBodySchema.parse(body).mapping).toEqual({ header: 'x-topic', types: {} });
  });
});

describe('queries', () => {
  test('numbers come as text, and what is unknown is refused rather than ignored', () => {
    expect(executionsQuerySchema.parse({ limit: '20' })).toEqual({ limit: 20 });
    expect(executionsQuerySchema.safeParse({ limit: '0' }).success).toBe(false);
    expect(executionsQuerySchema.safeParse({ outcme: 'trap' }).success).toBe(false);
  });

  test('a cursor is an id of the right kind', () => {
    expect(executionsQuerySchema.safeParse({ cursor: newId('execution') }).success).toBe(true);
    expect(executionsQuerySchema.safeParse({ cursor: newId('event') }).success).toBe(false);
  });
});

test.each([
  ['2026-11-21T10:00:00+01:00', true],
  ['0001-01-01T00:00:00Z', true],
  ['0000-12-31T23:59:59Z', false],
  ['9999-12-31T23:59:59-23:59', false],
  ['2026-02-30T00:00:00Z', false],
  ['yesterday', false],
])('the time %s is accepted: %s', (text, accepted) => {
  expect(timeInputSchema.safeParse(text).success).toBe(accepted);
});
