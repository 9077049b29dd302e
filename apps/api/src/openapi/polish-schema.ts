type Node = Readonly<Record<string, unknown>>;

/** Keywords whose value is a table of schemas by names that people chose. */
const tables = new Set(['properties', '$defs', 'patternProperties']);
/** Keywords whose value is data, not a schema. */
const data = new Set(['examples', 'example', 'default', 'const', 'enum']);

/** A copy without what zod adds and nobody needs, and with examples as draft 2020-12 writes them. */
export function polishSchema<Schema extends object>(schema: Schema): Schema {
  return polish(schema) as Schema;
}

function polish(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(polish);
  if (typeof node !== 'object' || node === null) return node;
  const { example, ...rest } = node as Node;
  const polished = Object.entries(rest)
    .filter(([keyword]) => !isNoise(rest, keyword))
    .map(([keyword, value]) => [keyword, polishValue(keyword, keyword === 'properties' ? sayDefaults(rest) : value)]);
  return Object.fromEntries(example === undefined ? polished : [...polished, ['examples', [example]]]);
}

function polishValue(keyword: string, value: unknown): unknown {
  if (data.has(keyword)) return value;
  if (!tables.has(keyword) || typeof value !== 'object' || value === null) return polish(value);
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, polish(schema)]));
}

/**
 * The properties of an object, with the defaults of those that may be left out as sentences. Generators of clients take
 * the keyword `default` to mean that the property is always there, which would make senders write what they need not.
 */
function sayDefaults({ properties, required }: Node): unknown {
  if (typeof properties !== 'object' || properties === null) return properties;
  const always = new Set(Array.isArray(required) ? required : []);
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, always.has(name) ? schema : withDefaultSaid(schema)]),
  );
}

function withDefaultSaid(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || !('default' in schema)) return schema;
  const { default: fallback, description, ...rest } = schema as Node;
  const sentence = `Left out, it is \`${JSON.stringify(fallback)}\`.`;
  const text = typeof description === 'string' ? `${description} ${sentence}` : sentence;
  return { ...rest, description: text, ...('$ref' in rest || 'examples' in rest ? {} : { examples: [fallback] }) };
}

/** The format says what a time is; the pattern beside it is a calendar in 300 characters. */
function isNoise(node: Node, keyword: string): boolean {
  if (keyword === 'pattern') return node.format === 'date-time';
  const isBound = keyword === 'minimum' || keyword === 'maximum';
  return isBound && node.minimum === Number.MIN_SAFE_INTEGER && node.maximum === Number.MAX_SAFE_INTEGER;
}
