import type { JsonObject, JsonValue } from '@tenon/contracts';
import fc from 'fast-check';

const name = fc.constantFrom('a', 'b', 'c');
const count = fc.integer({ min: 0, max: 3 });
const scalar: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue>(
  null,
  true,
  false,
  0,
  1,
  2,
  1.5,
  -1,
  '',
  'a',
  'ab',
  'abc',
);
const someTypes = fc.subarray(['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'], { minLength: 1 });

const optional = (members: Record<string, fc.Arbitrary<JsonValue>>) =>
  fc.record(members, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;

const numbers = optional({
  minimum: fc.integer({ min: -1, max: 2 }),
  exclusiveMinimum: fc.integer({ min: -1, max: 2 }),
  maximum: fc.integer({ min: 0, max: 3 }),
  exclusiveMaximum: fc.integer({ min: 0, max: 3 }),
  multipleOf: fc.constantFrom(0.5, 1, 2),
});
const texts = optional({
  minLength: count,
  maxLength: count,
  pattern: fc.constantFrom('^a', 'b$', '^$'),
});

/** Small schemas over a small world, so that two of them meet often. */
export const schemas: fc.Arbitrary<JsonObject> = fc.letrec<{ schema: JsonValue; object: JsonObject }>((tie) => {
  const inner = tie('schema');
  const list = fc.array(inner, { minLength: 1, maxLength: 2 });
  const objects = optional({
    properties: fc.dictionary(name, inner, { maxKeys: 2 }),
    required: fc.uniqueArray(name, { maxLength: 2 }),
    additionalProperties: inner,
    patternProperties: fc.dictionary(fc.constantFrom('^a', '^b'), inner, { maxKeys: 1 }),
    propertyNames: texts,
    minProperties: count,
    maxProperties: count,
  });
  const arrays = optional({
    items: inner,
    prefixItems: list,
    minItems: count,
    maxItems: count,
    contains: inner,
  });
  const combined = optional({ anyOf: list, allOf: list, oneOf: list, not: inner });
  const parts = fc.oneof(
    { weight: 3, arbitrary: objects },
    { weight: 2, arbitrary: arrays },
    { weight: 2, arbitrary: numbers },
    { weight: 2, arbitrary: texts },
    { weight: 1, arbitrary: combined },
    { weight: 1, arbitrary: fc.record({ enum: fc.uniqueArray(scalar, { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ const: scalar }) },
  );
  const typed = optional({
    type: fc.oneof(fc.constantFrom('object', 'string', 'integer', 'number', 'array'), someTypes),
    nullable: fc.constant(true),
  }).map((part) => ('type' in part ? part : {}));
  const object = fc
    .tuple(typed, parts, parts)
    .map(([first, second, third]): JsonObject => ({ ...first, ...second, ...third }));
  return {
    object,
    schema: fc.oneof(
      { maxDepth: 2, depthIdentifier: 'schema' },
      fc.boolean(),
      { weight: 1, arbitrary: typed },
      { weight: 4, arbitrary: object },
    ) as fc.Arbitrary<JsonValue>,
  };
}).object;

/** Values of the same small world. */
export const values: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
})).value;

function without(schema: JsonObject, chosen: string | undefined): JsonObject {
  const gone = chosen === 'type' ? ['type', 'nullable'] : [chosen];
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !gone.includes(key)));
}

const numeric = new Set(['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems']);

/** A schema and one that somebody made of it by a small change, which is how contracts change. */
export const editedSchemas: fc.Arbitrary<readonly [JsonObject, JsonObject]> = schemas.chain((schema) =>
  fc
    .tuple(schemas, fc.constantFrom('more', 'less', 'numbers'), fc.nat())
    .map(([other, kind, at]): readonly [JsonObject, JsonObject] => {
      const keywords = Object.keys(schema);
      const chosen = keywords[at % Math.max(keywords.length, 1)];
      if (kind === 'more') return [schema, { ...other, ...schema }];
      if (kind === 'less') return [schema, without(schema, chosen)];
      const moved = Object.entries(schema).map(([key, value]) => [
        key,
        numeric.has(key) ? Number(value) + (at % 2 === 0 || value === 0 ? 1 : -1) : value,
      ]);
      return [schema, Object.fromEntries(moved)];
    }),
);
