import type { JsonObject } from '@tenon/contracts';
import { below, type Compare, type Comparison, certain, type Doubt, doubt } from './comparison.js';
import { hasApplicators, type Schema, same, schemaAt, schemasByName, textsAt } from './schema-parts.js';

/** What a value of `sub` may hold under `name`. */
function propertyOf(sub: JsonObject, name: string): Schema {
  const declared = schemasByName(sub, 'properties').get(name);
  if (declared !== undefined) return declared;
  // A pattern may cover the name instead; to say nothing about it is always right.
  return Object.hasOwn(sub, 'patternProperties') ? true : schemaAt(sub, 'additionalProperties');
}

function mayBeIgnored(sub: JsonObject, name: string, at: Comparison): boolean {
  if (at.undeclared === 'any' || hasApplicators(sub) || Object.hasOwn(sub, 'patternProperties')) return false;
  return !schemasByName(sub, 'properties').has(name) && schemaAt(sub, 'additionalProperties') === true;
}

export function properties(sub: JsonObject, sup: JsonObject, at: Comparison, compare: Compare): readonly Doubt[] {
  return [...schemasByName(sup, 'properties')].flatMap(([name, wanted]) =>
    mayBeIgnored(sub, name, at) ? certain : compare(propertyOf(sub, name), wanted, below(at, 'properties', name)),
  );
}

export function required(sub: JsonObject, sup: JsonObject, at: Comparison): readonly Doubt[] {
  const given = new Set(textsAt(sub, 'required'));
  return textsAt(sup, 'required').flatMap((name) =>
    given.has(name) ? certain : doubt(below(at, 'required'), `"${name}" is required on one side only`),
  );
}

/** Every name that `sup` leaves to `additionalProperties`, as `sub` has it. */
export function additionalProperties(
  sub: JsonObject,
  sup: JsonObject,
  at: Comparison,
  compare: Compare,
): readonly Doubt[] {
  const wanted = schemaAt(sup, 'additionalProperties');
  if (wanted === true) return certain;
  if (Object.hasOwn(sup, 'patternProperties') && !same(sub['patternProperties'], sup['patternProperties'])) {
    return doubt(at, 'patterns of names differ beside "additionalProperties"');
  }
  const declared = schemasByName(sup, 'properties');
  const named = [...schemasByName(sub, 'properties')].filter(([name]) => !declared.has(name));
  const covered = Object.hasOwn(sup, 'patternProperties') ? [] : [...schemasByName(sub, 'patternProperties')];
  return [
    ...named.flatMap(([name, given]) => compare(given, wanted, below(at, 'properties', name))),
    ...covered.flatMap(([name, given]) => compare(given, wanted, below(at, 'patternProperties', name))),
    ...compare(schemaAt(sub, 'additionalProperties'), wanted, below(at, 'additionalProperties')),
  ];
}
