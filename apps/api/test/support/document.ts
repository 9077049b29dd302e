import type { SchemaNode } from '../../src/openapi/schema-example.js';

export interface Media {
  readonly schema: SchemaNode;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required?: boolean;
  readonly schema: SchemaNode;
}

type Content = Readonly<Record<string, Media>>;

export interface Operation {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly headers?: object; readonly content?: Content }>>;
  readonly 'x-tenon-access'?: string;
}

/** As much of an OpenAPI document as the tests look at. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

export interface DocumentedOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
  /** References resolved. */
  readonly parameters: readonly Parameter[];
  /** What it reads and what it answers, with a JSON Pointer to each. */
  readonly bodies: readonly {
    readonly where: string;
    readonly type: string;
    readonly pointer: string;
    readonly media: Media;
  }[];
}

export function operationsOf(document: OpenApiDocument): readonly DocumentedOperation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method,
      operation,
      parameters: (operation.parameters ?? []).map((parameter) =>
        '$ref' in parameter ? (resolve(document, parameter.$ref) as Parameter) : parameter,
      ),
      bodies: bodiesOf(operation, `/paths/${escapeKey(path)}/${method}`),
    })),
  );
}

function bodiesOf({ requestBody, responses }: Operation, pointer: string): DocumentedOperation['bodies'] {
  const list = (where: string, at: string, content: Content = {}) =>
    Object.entries(content).map(([type, media]) => ({
      where,
      type,
      pointer: `${at}/content/${escapeKey(type)}`,
      media,
    }));
  return [
    ...list('request', `${pointer}/requestBody`, requestBody?.content),
    ...Object.entries(responses).flatMap(([status, { content }]) =>
      list(status, `${pointer}/responses/${status}`, content),
    ),
  ];
}

/** What a reference of the document leads to. */
export function resolve(document: OpenApiDocument, reference: string): object {
  const [, , kind = '', name = ''] = reference.split('/');
  const found = document.components[kind]?.[name];
  if (found === undefined) throw new Error(`${reference} leads nowhere`);
  return found;
}

interface BoundedNode extends SchemaNode {
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly additionalProperties?: boolean | BoundedNode;
}

/** Places below `schema` where a value may be as large as its sender likes. */
export function unboundedIn(
  document: OpenApiDocument,
  schema: BoundedNode,
  at = '',
  seen: readonly string[] = [],
): string[] {
  if (schema.$ref !== undefined) {
    if (seen.includes(schema.$ref)) return [];
    return unboundedIn(document, resolve(document, schema.$ref) as BoundedNode, at, [...seen, schema.$ref]);
  }
  const inner = (node: BoundedNode, name: string) => unboundedIn(document, node, `${at}/${name}`, seen);
  const choices = [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const { additionalProperties: rest } = schema;
  return [
    ...(isUnbounded(schema) ? [`${at} (${[schema.type].flat().join()})`] : []),
    ...choices.flatMap((node) => inner(node, '')),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, node]) => inner(node, name)),
    ...(schema.items === undefined ? [] : inner(schema.items, '[]')),
    ...(typeof rest === 'object' ? inner(rest, '*') : []),
  ];
}

function isUnbounded(schema: BoundedNode): boolean {
  if (schema.enum !== undefined || 'const' in schema) return false;
  switch ([schema.type].flat()[0]) {
    case 'string':
      return schema.maxLength === undefined && !isBoundedText(schema);
    case 'array':
      return schema.maxItems === undefined;
    case 'integer':
    case 'number':
      return schema.maximum === undefined && schema.exclusiveMaximum === undefined;
    default:
      return false;
  }
}

/** A time has its form; bytes have the bound of their route; a pattern without an open end bounds what it matches. */
function isBoundedText({ format, pattern = '*' }: BoundedNode): boolean {
  return format === 'date-time' || format === 'binary' || !/[*+]|\{\d+,\}/.test(pattern.replace(/\[[^\]]*\]/g, '[]'));
}

function escapeKey(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}
