/** A JSON Schema as the document carries it. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly allOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
}

export type SchemaTable = Readonly<Record<string, SchemaNode>>;

/** Schemas do not nest deeper; one that refers to itself ends here. */
const depthMax = 12;
const ulid = '01kaj8t5m0q4xyj3b2c1d0e9f8';
/** What texts with a pattern are tried with; a pattern that none of them fits needs an example of its own. */
const candidates = [
  'cart.discounts',
  'cart.updated',
  'a'.repeat(64),
  '0'.repeat(64),
  '1',
  'functions:read',
  '"YWJjZGVmZ2hpamtsbW5vcA"',
  'tenon',
];

/**
 * A value that fits `schema`: the example that somebody wrote for it where there is one, else one made from its parts,
 * so that every request and every answer of the document can show one.
 *
 * @throws Error for a text whose pattern no candidate fits: its schema needs an example of its own
 */
export function exampleFor(schema: SchemaNode, table: SchemaTable, depth = 0): unknown {
  if (depth > depthMax) return null;
  const inner = (node: SchemaNode) => exampleFor(node, table, depth + 1);
  if (schema.$ref !== undefined) return inner(table[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  if (schema.examples !== undefined && schema.examples.length > 0) return schema.examples[0];
  if ('const' in schema) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map(inner));
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice !== undefined) return inner(choice);
  return byType(schema, inner);
}

function byType(schema: SchemaNode, inner: (node: SchemaNode) => unknown): unknown {
  switch ([schema.type].flat()[0]) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, node]) => [name, inner(node)]));
    case 'array':
      return schema.items === undefined ? [] : [inner(schema.items)];
    case 'string':
      return textFor(schema);
    case 'integer':
    case 'number':
      return schema.minimum ?? (schema.exclusiveMinimum === undefined ? 1 : schema.exclusiveMinimum + 1);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return {};
  }
}

function textFor({ format, pattern, minLength = 0 }: SchemaNode): string {
  if (format === 'date-time') return '2026-11-21T10:15:00.000Z';
  if (format === 'email') return 'ada@example.com';
  if (format === 'uri') return 'https://example.com/';
  if (pattern === undefined) return 'text'.padEnd(minLength, '.');
  const prefix = /^\^([a-z]+)_\[0-7\]/.exec(pattern)?.[1];
  const text = [...(prefix === undefined ? [] : [`${prefix}_${ulid}`]), ...candidates].find(
    (candidate) => candidate.length >= minLength && new RegExp(pattern, 'u').test(candidate),
  );
  if (text === undefined) throw new Error(`give the schema of ${pattern} an example`);
  return text;
}
