import type { JsonObject, JsonValue } from '@tenon/contracts';
import { canonicalJson } from './canonical-json.js';

export type Schema = boolean | JsonObject;

/** Keywords that say something about a schema and nothing about a value. */
export const annotations: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
]);

const maps = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);
const data = new Set(['const', 'enum', 'required', 'dependentRequired', 'type']);

/** The schema without what changes nothing about which values fit; names and data stay as they are. */
export function bare(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map(bare);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([name]) => !annotations.has(name) || isDefinitions(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, bareBelow(name, value)]));
}

function bareBelow(name: string, value: JsonValue): JsonValue {
  if (data.has(name)) return value;
  if (!maps.has(name) || typeof value !== 'object' || value === null) return bare(value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, bare(inner)]));
}

function isDefinitions(name: string): boolean {
  return name === '$defs' || name === 'definitions';
}

/** Whether two JSON values are the same, whatever the order of their members. */
export function same(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return canonicalJson(one) === canonicalJson(other);
}

/** A member that holds a schema; `true` where it is absent, as the specification has it. */
export function schemaAt(schema: JsonObject, keyword: string): Schema {
  return asSchema(Object.hasOwn(schema, keyword) ? schema[keyword] : true);
}

export function asSchema(value: JsonValue | undefined): Schema {
  if (typeof value === 'boolean') return value;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : true;
}

/** A member that holds schemas by name; none where it is absent. */
export function schemasByName(schema: JsonObject, keyword: string): ReadonlyMap<string, Schema> {
  const value = schema[keyword];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
  return new Map(Object.entries(value).map(([name, inner]) => [name, asSchema(inner)]));
}

/** A member that holds a list of schemas; null where it is absent. */
export function schemaList(schema: JsonObject, keyword: string): readonly Schema[] | null {
  const value = schema[keyword];
  return Array.isArray(value) ? value.map(asSchema) : null;
}

export function numberAt(schema: JsonObject, keyword: string): number | undefined {
  const value = schema[keyword];
  return typeof value === 'number' ? value : undefined;
}

export function textsAt(schema: JsonObject, keyword: string): readonly string[] {
  const value = schema[keyword];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

const allTypes = ['null', 'boolean', 'object', 'array', 'number', 'string'] as const;

/** The types that a value may have; `integer` only where `number` is not among them. */
export function typesOf(schema: JsonObject): ReadonlySet<string> {
  const { type, nullable } = schema;
  if (type === undefined) return new Set(allTypes);
  // Ajv knows this keyword of OpenAPI.
  const more = nullable === true ? ['null'] : [];
  return new Set([...(typeof type === 'string' ? [type] : textsAt(schema, 'type')), ...more]);
}

/** Applied to the same value as the schema around them, so what they say adds to what it says. */
const applicators = ['allOf', 'anyOf', 'oneOf', 'not', 'if', '$ref', '$dynamicRef', 'dependentSchemas'];

export function hasApplicators(schema: JsonObject): boolean {
  return applicators.some((keyword) => Object.hasOwn(schema, keyword));
}
