import { type JsonObject, type JsonValue, ProblemError } from '@tenon/contracts';
import { compileDataSchema, type DataSchema } from '../compile.js';
import { items, prefixItems } from './array-keywords.js';
import { below, type Compare, type Comparison, certain, type Doubt, doubt } from './comparison.js';
import { additionalProperties, properties, required } from './object-keywords.js';
import {
  annotations,
  asSchema,
  bare,
  hasApplicators,
  type Schema,
  same,
  schemaAt,
  schemaList,
  typesOf,
} from './schema-parts.js';
import { bound, multipleOf, range, type } from './value-keywords.js';

/** Two schemas of the largest size take fewer; a reference into itself would take more than there is time. */
const comparisonsMax = 20_000;
/** Comparisons that one compiled schema counts for: about what it takes. */
const compilationCost = 100;
const refsMax = 32;
const doubtsMax = 10;

type Rule = (sub: JsonObject, sup: JsonObject, at: Comparison, compare: Compare) => readonly Doubt[];

interface Keyword {
  /** The only type of value that it says anything about; absent: any. */
  readonly about?: 'object' | 'array' | 'number' | 'string';
  readonly rule: Rule;
}

const inRange = (keyword: string, end: 'min' | 'max') => {
  const [inclusive, exclusive] = end === 'min' ? ['minimum', 'exclusiveMinimum'] : ['maximum', 'exclusiveMaximum'];
  return range(keyword, inclusive ?? '', exclusive ?? '', end);
};

/** All keywords that are understood. Any other must be the same on both sides, with all that it depends on. */
const keywords: Readonly<Record<string, Keyword>> = {
  type: { rule: type },
  properties: { about: 'object', rule: properties },
  required: { about: 'object', rule: required },
  additionalProperties: { about: 'object', rule: additionalProperties },
  patternProperties: { about: 'object', rule: equal('patternProperties') },
  propertyNames: { about: 'object', rule: inner('propertyNames') },
  minProperties: { about: 'object', rule: bound('minProperties', 'min') },
  maxProperties: { about: 'object', rule: bound('maxProperties', 'max') },
  dependentRequired: { about: 'object', rule: equal('dependentRequired') },
  dependentSchemas: { about: 'object', rule: equal('dependentSchemas') },
  prefixItems: { about: 'array', rule: prefixItems },
  items: { about: 'array', rule: items },
  minItems: { about: 'array', rule: bound('minItems', 'min') },
  maxItems: { about: 'array', rule: bound('maxItems', 'max') },
  uniqueItems: { about: 'array', rule: uniqueItems },
  contains: { about: 'array', rule: equal('contains', 'minContains', 'maxContains') },
  minContains: { about: 'array', rule: equal('contains', 'minContains', 'maxContains') },
  maxContains: { about: 'array', rule: equal('contains', 'minContains', 'maxContains') },
  minimum: { about: 'number', rule: inRange('minimum', 'min') },
  exclusiveMinimum: { about: 'number', rule: inRange('exclusiveMinimum', 'min') },
  maximum: { about: 'number', rule: inRange('maximum', 'max') },
  exclusiveMaximum: { about: 'number', rule: inRange('exclusiveMaximum', 'max') },
  multipleOf: { about: 'number', rule: multipleOf },
  minLength: { about: 'string', rule: bound('minLength', 'min') },
  maxLength: { about: 'string', rule: bound('maxLength', 'max') },
  pattern: { about: 'string', rule: equal('pattern') },
  // Some formats are about numbers.
  format: { rule: equal('format') },
  // What it says is part of the type.
  nullable: { rule: () => certain },
  $anchor: { rule: () => certain },
  $dynamicAnchor: { rule: () => certain },
  allOf: { rule: allOf },
  anyOf: { rule: anyOf },
  oneOf: { rule: equal('oneOf') },
  not: { rule: equal('not') },
  if: { rule: equal('if', 'then', 'else') },
  $ref: { rule: reference },
};

/**
 * Why it is not certain that every value which fits `sub` fits `sup`; empty where it is. What can't be decided counts as
 * a doubt, so an empty answer may be trusted and a doubt may be a false alarm.
 */
export function subsetDoubts(sub: JsonObject, sup: JsonObject, undeclared: Comparison['undeclared']): readonly Doubt[] {
  const subRoot = bareObject(sub);
  const supRoot = bareObject(sup);
  const budget = { left: comparisonsMax };
  const at: Comparison = { pointer: '', subRoot, supRoot, undeclared, refs: 0, budget };
  return compare(subRoot, supRoot, at).slice(0, doubtsMax);
}

function bareObject(schema: JsonObject): JsonObject {
  const stripped = asSchema(bare(schema));
  return typeof stripped === 'boolean' ? {} : stripped;
}

function compare(sub: Schema, sup: Schema, at: Comparison): readonly Doubt[] {
  at.budget.left -= 1;
  if (at.budget.left < 0) return doubt(at, 'the schemas are too large to compare');
  if (sup === true || sub === false) return certain;
  if (alike(sub, sup, at)) return certain;
  if (sup === false) return doubt(at, 'nothing is allowed here on one side');
  const given = sub === true ? {} : sub;
  // What other parts of a schema say about the same value would be forgotten, so nothing may be ignored below them.
  const here: Comparison = hasApplicators(given) ? { ...at, undeclared: 'any' } : at;
  if (finite(given) !== null) return everyValue(given, sup, here);
  if (partImplies(given, sup, here)) return certain;
  const types = typesOf(given);
  const doubts: Doubt[] = [];
  for (const keyword of Object.keys(sup)) {
    if (annotations.has(keyword) || doubts.length >= doubtsMax) continue;
    const known = keywords[keyword === 'then' || keyword === 'else' ? 'if' : keyword];
    const silent = known?.about !== undefined && !speaksOf(types, known.about);
    if (known === undefined) doubts.push(...doubt(below(here, keyword), `"${keyword}" differs or can't be compared`));
    else if (!silent) doubts.push(...known.rule(given, sup, here, compare));
  }
  return doubts;
}

function speaksOf(types: ReadonlySet<string>, about: string): boolean {
  return types.has(about) || (about === 'number' && types.has('integer'));
}

/** The same text with the same meaning: references must lead to the same places. */
function alike(sub: Schema, sup: Schema, at: Comparison): boolean {
  if (!same(sub, sup)) return false;
  return !JSON.stringify(sub).includes('"$') || same(at.subRoot, at.supRoot) || sameDefinitions(sub, at);
}

function sameDefinitions(schema: Schema, at: Comparison): boolean {
  const { subRoot, supRoot } = at;
  if (!same(subRoot['$defs'], supRoot['$defs'])) return false;
  return [schema, subRoot['$defs'] ?? {}].every((part) => refsOf(part).every((ref) => ref.startsWith('#/$defs/')));
}

function refsOf(value: JsonValue): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(refsOf);
  return Object.entries(value).flatMap(([name, part]) => {
    if (name.startsWith('$') && name !== '$defs' && typeof part === 'string') return [name === '$ref' ? part : '?'];
    return refsOf(part);
  });
}

/** The values of a schema that lists them, or null. */
function finite(schema: JsonObject): readonly JsonValue[] | null {
  if (Object.hasOwn(schema, 'const')) return [schema['const'] ?? null];
  const listed = schema['enum'];
  return Array.isArray(listed) ? listed : null;
}

function everyValue(sub: JsonObject, sup: JsonObject, at: Comparison): readonly Doubt[] {
  // A reference to the root would lead to the wrong place here.
  if (refsOf(sup).some((ref) => !ref.startsWith('#/$defs/'))) return doubt(at, "a reference can't be compared");
  at.budget.left -= compilationCost;
  if (at.budget.left < 0) return doubt(at, 'the schemas are too large to compare');
  const wanted = compiled(sup, at);
  if (wanted === null) return doubt(at, "the schema can't be compared by itself");
  const refused = (finite(sub) ?? []).find((value) => wanted.check(value, '').length > 0);
  return refused === undefined
    ? certain
    : doubt(at, `${JSON.stringify(refused).slice(0, 100)} is allowed on one side only`);
}

/** A part of a schema as a schema of its own; null where it only makes sense in its place. */
function compiled(part: JsonObject, { supRoot }: Comparison): DataSchema | null {
  const definitions = supRoot['$defs'];
  try {
    return compileDataSchema(definitions === undefined ? part : { ...part, $defs: definitions }, '');
  } catch (error) {
    if (error instanceof ProblemError) return null;
    throw error;
  }
}

/** A value fits every part of `allOf` and what a reference leads to, and some part of `anyOf` and `oneOf`. */
function partImplies(sub: JsonObject, sup: JsonObject, at: Comparison): boolean {
  const holds = (part: Schema) => compare(part, sup, at).length === 0;
  if (schemaList(sub, 'allOf')?.some(holds)) return true;
  const { $ref } = sub;
  if (typeof $ref === 'string' && at.refs < refsMax) {
    const target = definitionOf(at.subRoot, $ref);
    if (target !== null && compare(target, sup, { ...at, refs: at.refs + 1 }).length === 0) return true;
  }
  return ['anyOf', 'oneOf'].some((keyword) => schemaList(sub, keyword)?.every(holds) ?? false);
}

/** What `#/$defs/name` leads to. */
function definitionOf(root: JsonObject, ref: string): Schema | null {
  const definitions = schemaAt(root, '$defs');
  const name = /^#\/\$defs\/([^/~%]+)$/.exec(ref)?.[1];
  if (typeof definitions === 'boolean' || name === undefined || !Object.hasOwn(definitions, name)) return null;
  return asSchema(definitions[name]);
}

function reference(sub: JsonObject, sup: JsonObject, at: Comparison): readonly Doubt[] {
  const { $ref } = sup;
  if (alike({ $ref: sub['$ref'] ?? '' }, { $ref: $ref ?? '' }, at)) return certain;
  const target = typeof $ref === 'string' && at.refs < refsMax ? definitionOf(at.supRoot, $ref) : null;
  if (target === null) return doubt(below(at, '$ref'), "the reference can't be compared");
  return compare(sub, target, { ...at, refs: at.refs + 1 });
}

function allOf(sub: JsonObject, sup: JsonObject, at: Comparison): readonly Doubt[] {
  return (schemaList(sup, 'allOf') ?? []).flatMap((wanted, index) => compare(sub, wanted, below(at, 'allOf', index)));
}

function anyOf(sub: JsonObject, sup: JsonObject, at: Comparison): readonly Doubt[] {
  const wanted = schemaList(sup, 'anyOf') ?? [];
  const fitsSome = (given: Schema) => wanted.some((branch) => compare(given, branch, at).length === 0);
  const branches = schemaList(sub, 'anyOf');
  if (fitsSome(sub) || branches?.every(fitsSome)) return certain;
  return doubt(below(at, 'anyOf'), 'no alternative of one side holds all that the other allows');
}

function uniqueItems(sub: JsonObject, sup: JsonObject, at: Comparison): readonly Doubt[] {
  if (sup['uniqueItems'] !== true || sub['uniqueItems'] === true) return certain;
  return doubt(below(at, 'uniqueItems'), 'items have to be unique on one side only');
}

function inner(keyword: string): Rule {
  return (sub, sup, at) => compare(schemaAt(sub, keyword), schemaAt(sup, keyword), below(at, keyword));
}

/** Keywords that only mean the same when they are the same, all of them together. */
function equal(...group: readonly string[]): Rule {
  return (sub, sup, at) => {
    const part = (schema: JsonObject) => Object.fromEntries(group.flatMap((name) => entryOf(schema, name)));
    const [first = ''] = group;
    return alike(part(sub), part(sup), at) ? certain : doubt(below(at, first), `"${first}" differs`);
  };
}

function entryOf(schema: JsonObject, name: string): [string, JsonValue][] {
  const value = schema[name];
  return value === undefined ? [] : [[name, value]];
}
