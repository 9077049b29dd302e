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
    .map(([keyword, value]) => [keyword, polishValue(keyword, value)]);
  return Object.fromEntries(example === undefined ? polished : [...polished, ['examples', [example]]]);
}

function polishValue(keyword: string, value: unknown): unknown {
  if (data.has(keyword)) return value;
  if (!tables.has(keyword) || typeof value !== 'object' || value === null) return polish(value);
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, polish(schema)]));
}

/** The format says what a time is; the pattern beside it is a calendar in 300 characters. */
function isNoise(node: Node, keyword: string): boolean {
  if (keyword === 'pattern') return node.format === 'date-time';
  const isBound = keyword === 'minimum' || keyword === 'maximum';
  return isBound && node.minimum === Number.MIN_SAFE_INTEGER && node.maximum === Number.MAX_SAFE_INTEGER;
}
