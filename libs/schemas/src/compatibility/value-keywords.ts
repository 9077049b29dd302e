import type { JsonObject } from '@tenon/contracts';
import { below, type Comparison, certain, type Doubt, doubt } from './comparison.js';
import { numberAt, typesOf } from './schema-parts.js';

export function type(sub: JsonObject, sup: JsonObject, at: Comparison): readonly Doubt[] {
  const allowed = typesOf(sup);
  const extra = [...typesOf(sub)].filter(
    (name) => !allowed.has(name) && !(name === 'integer' && allowed.has('number')),
  );
  return extra.length === 0 ? certain : doubt(below(at, 'type'), `${extra.join(', ')} is allowed on one side only`);
}

/** A bound that may only be the same or wider. */
export function bound(keyword: string, direction: 'min' | 'max') {
  return (sub: JsonObject, sup: JsonObject, at: Comparison): readonly Doubt[] => {
    const wanted = numberAt(sup, keyword);
    const given = numberAt(sub, keyword);
    if (wanted === undefined) return certain;
    const fits = given !== undefined && (direction === 'min' ? given >= wanted : given <= wanted);
    return fits ? certain : doubt(below(at, keyword), `"${keyword}" is tighter on one side`);
  };
}

/** `minimum` and `exclusiveMinimum`, or the two for the other end: either of the narrower side may imply either. */
export function range(keyword: string, inclusive: string, exclusive: string, direction: 'min' | 'max') {
  return (sub: JsonObject, sup: JsonObject, at: Comparison): readonly Doubt[] => {
    const wanted = numberAt(sup, keyword);
    if (wanted === undefined) return certain;
    const sign = direction === 'min' ? 1 : -1;
    const reaches = (given: number | undefined, orEqual: boolean) =>
      given !== undefined && (given * sign > wanted * sign || (orEqual && given === wanted));
    const fits = reaches(numberAt(sub, inclusive), keyword === inclusive) || reaches(numberAt(sub, exclusive), true);
    return fits ? certain : doubt(below(at, keyword), `"${keyword}" is tighter on one side`);
  };
}

export function multipleOf(sub: JsonObject, sup: JsonObject, at: Comparison): readonly Doubt[] {
  const wanted = numberAt(sup, 'multipleOf');
  if (wanted === undefined) return certain;
  const types = typesOf(sub);
  const whole = types.has('integer') && !types.has('number');
  const given = numberAt(sub, 'multipleOf') ?? (whole ? 1 : undefined);
  // Only whole numbers: fractions have no exact remainder.
  const fits = given !== undefined && (given === wanted || (Number.isSafeInteger(given) && given % wanted === 0));
  return fits && (given === wanted || Number.isSafeInteger(wanted))
    ? certain
    : doubt(below(at, 'multipleOf'), '"multipleOf" differs');
}
