import type { FieldError, JsonObject } from '@tenon/contracts';
import { type SchemaPlace, type Step, schemaGraph } from './schema-graph.js';

/** A schema has up to 5,000 values; with its references followed it may be ten times that. */
const unfoldedMax = 50_000;

/**
 * What makes checking with `schema` take more than the size of the value times that of the schema, with pointers below
 * `base`; empty where nothing does. Two ways to the same place are taken twice: where they are part of a circle, twice
 * on each level of the value, so that a value of 60 levels would be checked 2^60 times; where they are not, as often as
 * the unfolded schema has values.
 */
export function repeatedWork(schema: JsonObject, base: string): readonly FieldError[] {
  const places = schemaGraph(schema);
  const circles = circlesOf(places);
  for (const place of places) {
    const own = place.steps.filter(({ to }) => circles.get(to) === circles.get(place));
    const twice = secondWay(own);
    if (twice === undefined) continue;
    const message = 'a definition that leads back to itself may do so in one way for each part of a value only';
    return [{ pointer: `${base}${place.pointer}/${twice.keyword}`, message }];
  }
  const [root] = places;
  if (root === undefined || unfolded(root, circles) <= unfoldedMax) return [];
  return [{ pointer: base, message: `with its references followed, the schema has more than ${unfoldedMax} values` }];
}

/** The step, of those that stay in a circle, that checks what another one of them checks as well. */
function secondWay(steps: readonly Step[]): Step | undefined {
  if (steps.length < 2) return undefined;
  const inPlace = steps.find((step) => step.inPlace);
  if (inPlace !== undefined) return inPlace;
  const overlapping = steps.find(({ keyword }) => keyword === 'contains' || keyword === 'unevaluatedItems');
  const onArrays = steps.filter(({ keyword }) => /items|contains/i.test(keyword));
  if (overlapping !== undefined && onArrays.length > 1) return overlapping;
  // Several patterns, or a pattern and a name, may fit one member; what is left over fits none of them.
  const byPattern = steps.find(({ keyword }) => keyword === 'patternProperties');
  const named = steps.filter(({ keyword }) => keyword === 'patternProperties' || keyword === 'properties');
  return byPattern !== undefined && named.length > 1 ? byPattern : undefined;
}

/** How often schemas are looked at for one value, each circle once. */
function unfolded(root: SchemaPlace, circles: ReadonlyMap<SchemaPlace, number>): number {
  const known = new Map<SchemaPlace, number>();
  const count = (place: SchemaPlace): number => {
    const found = known.get(place);
    if (found !== undefined) return found;
    let total = 1;
    for (const { to } of place.steps) {
      if (circles.get(to) !== circles.get(place)) total = Math.min(total + count(to), unfoldedMax + 1);
      else if (!known.has(to)) total += 1;
    }
    known.set(place, total);
    return total;
  };
  return count(root);
}

/** The number of its circle for each place: two have the same one if each leads to the other (Tarjan's algorithm). */
function circlesOf(places: readonly SchemaPlace[]): ReadonlyMap<SchemaPlace, number> {
  const circles = new Map<SchemaPlace, number>();
  const met = new Map<SchemaPlace, number>();
  const path: SchemaPlace[] = [];
  const visit = (place: SchemaPlace): number => {
    const index = met.size;
    met.set(place, index);
    path.push(place);
    let lowest = index;
    for (const { to } of place.steps) {
      const seen = met.get(to);
      if (seen === undefined) lowest = Math.min(lowest, visit(to));
      else if (!circles.has(to)) lowest = Math.min(lowest, seen);
    }
    if (lowest === index) for (const member of path.splice(path.indexOf(place))) circles.set(member, index);
    return lowest;
  };
  for (const place of places) if (!met.has(place)) visit(place);
  return circles;
}
