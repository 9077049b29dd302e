import fc from 'fast-check';
import type { OpenApiDocument } from './document.js';
import { resolve } from './document.js';

interface Node {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly allOf?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly additionalProperties?: boolean | Node;
  readonly propertyNames?: Node;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

const times = ['2026-11-21T10:15:00Z', '2026-11-21T10:15:00.123+05:30', '1999-12-31T23:59:59Z', '9998-01-01T00:00:00Z'];
/** Long enough to meet most bounds, short enough to stay quick. */
const lengthMax = 40;

/** Values that fit `node`: what its author promises to accept. */
export function valuesOf(document: OpenApiDocument, node: Node, depth = 0): fc.Arbitrary<unknown> {
  const inner = (next: Node) => valuesOf(document, next, depth + 1);
  if (depth > 8) return fc.constant(null);
  if (node.$ref !== undefined) return inner(resolve(document, node.$ref) as Node);
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  if ('const' in node) return fc.constant(node.const);
  const choices = node.anyOf ?? node.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(inner));
  switch ([node.type].flat()[0]) {
    case 'object':
      return objectsOf(node, inner);
    case 'array':
      return fc.array(inner(node.items ?? {}), {
        minLength: node.minItems ?? 0,
        maxLength: Math.min(node.maxItems ?? 4, 4),
      });
    case 'string':
      return textsOf(node);
    case 'integer':
      return fc.oneof(
        fc.integer({ min: Math.max(node.minimum ?? -10, -1e6), max: Math.min(node.maximum ?? 1e6, 1e6) }),
        fc.constantFrom(node.minimum ?? 0, node.maximum ?? 1),
      );
    case 'number':
      return fc.double({ min: node.minimum ?? -1e6, max: node.maximum ?? 1e6, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectsOf(node: Node, inner: (next: Node) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const properties = Object.entries(node.properties ?? {});
  const model = Object.fromEntries(properties.map(([name, next]) => [name, inner(next)]));
  const requiredKeys = (node.required ?? []).filter((name) => name in model);
  const own = fc.record(model, { requiredKeys });
  const { additionalProperties: rest } = node;
  if (properties.length > 0 || typeof rest !== 'object') return own;
  return fc.dictionary(textsOf(node.propertyNames ?? { minLength: 1, maxLength: 12 }), inner(rest), { maxKeys: 3 });
}

function textsOf({ format, pattern, minLength = 0, maxLength = 255 }: Node): fc.Arbitrary<string> {
  if (format === 'date-time') return fc.constantFrom(...times);
  if (format === 'email') return fc.emailAddress();
  if (pattern === undefined)
    return fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, lengthMax) });
  // Cut and filled up rather than drawn again: a length that rarely comes by chance would be waited for without end.
  return fc.stringMatching(new RegExp(pattern)).map((text) => text.slice(0, maxLength).padEnd(minLength, 'a'));
}

/** Values that have broken parsers, databases and loggers before. */
export const nastyValues = fc.constantFrom<unknown>(
  null,
  true,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e\u0000x',
  'ﷺ'.repeat(100),
  '👩‍👩‍👧‍👦',
  '__proto__',
  'constructor',
  "'; DROP TABLE tenants; --",
  '%n%n%s',
  '../../../../etc/passwd',
  '9999-12-31T23:59:59-23:59',
  '0000-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  -1,
  0.1,
  1e308,
  -0,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  'x'.repeat(5_000),
  [],
  {},
  [[[[[[]]]]]],
  { $ref: '#' },
  JSON.parse('{"__proto__":{"a":1}}'),
);

/** `base` with one thing wrong: a member changed, gone or too many, or something else altogether. */
export function spoiled(base: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const bad = fc.oneof(nastyValues, fc.jsonValue({ maxDepth: 3 }));
  return fc
    .tuple(base, bad, fc.nat(), fc.constantFrom('change', 'remove', 'add', 'replace'))
    .map(([value, other, at, how]) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || how === 'replace') return other;
      const names = Object.keys(value);
      const name = names[at % Math.max(names.length, 1)];
      if (how === 'add' || name === undefined) return { ...value, surplus: other };
      if (how === 'change') return { ...value, [name]: other };
      return Object.fromEntries(Object.entries(value).filter(([own]) => own !== name));
    });
}
