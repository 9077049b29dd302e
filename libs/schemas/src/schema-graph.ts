import type { JsonObject, JsonValue } from '@tenon/contracts';

/** Where a schema sends a value on to: itself again, or a part of it. */
export interface Step {
  readonly keyword: string;
  readonly to: SchemaPlace;
  /** Whether the same value is checked again there, not a part of it. */
  readonly inPlace: boolean;
}

/** One schema inside of a schema. */
export interface SchemaPlace {
  readonly pointer: string;
  readonly steps: Step[];
}

const inPlaceOne = ['not', 'if', 'then', 'else'];
const inPlaceLists = ['allOf', 'anyOf', 'oneOf'];
const inPlaceTables = ['dependentSchemas'];
const partOne = ['items', 'contains', 'additionalProperties', 'unevaluatedItems', 'unevaluatedProperties'];
const partLists = ['prefixItems'];
const partTables = ['properties', 'patternProperties'];
/** Of a name, which is a text and has no parts: nothing goes on from there. */
const unfollowed = ['propertyNames', '$defs', 'definitions'];
const references = ['$ref', '$dynamicRef', '$recursiveRef'];

/** Every schema in `schema` and how they lead to each other; the first one is `schema` itself. */
export function schemaGraph(schema: JsonObject): readonly SchemaPlace[] {
  const graph = new Graph();
  graph.add(schema, '');
  graph.follow();
  return graph.places;
}

class Graph {
  readonly places: SchemaPlace[] = [];
  readonly #named = new Map<string, SchemaPlace>();
  readonly #open: { readonly from: SchemaPlace; readonly keyword: string; readonly reference: string }[] = [];

  add(value: JsonValue | undefined, pointer: string): SchemaPlace | undefined {
    if (!isObject(value)) return undefined;
    const place: SchemaPlace = { pointer, steps: [] };
    this.places.push(place);
    this.#named.set(`#${pointer}`, place);
    for (const anchor of [value['$anchor'], value['$dynamicAnchor']]) {
      if (typeof anchor === 'string') this.#named.set(`#${anchor}`, place);
    }
    for (const keyword of references) {
      const reference = value[keyword];
      if (typeof reference === 'string') this.#open.push({ from: place, keyword, reference });
    }
    this.#addAll(place, value, pointer);
    return place;
  }

  /** References may lead to what comes later, so they are followed last. What leads nowhere is refused elsewhere. */
  follow(): void {
    for (const { from, keyword, reference } of this.#open) {
      const to = this.#named.get(decoded(reference));
      if (to !== undefined) from.steps.push({ keyword, to, inPlace: true });
    }
  }

  #addAll(place: SchemaPlace, value: JsonObject, pointer: string): void {
    const link = (keyword: string, inner: JsonValue | undefined, at: string, inPlace: boolean) => {
      const to = this.add(inner, at);
      if (to !== undefined && !unfollowed.includes(keyword)) place.steps.push({ keyword, to, inPlace });
    };
    for (const keyword of [...inPlaceOne, ...partOne, 'propertyNames']) {
      link(keyword, value[keyword], `${pointer}/${keyword}`, inPlaceOne.includes(keyword));
    }
    for (const keyword of [...inPlaceLists, ...inPlaceTables, ...partLists, ...partTables, '$defs', 'definitions']) {
      const inPlace = inPlaceLists.includes(keyword) || inPlaceTables.includes(keyword);
      for (const [name, inner] of Object.entries(value[keyword] ?? {})) {
        const step = name.replaceAll('~', '~0').replaceAll('/', '~1');
        link(keyword, inner, `${pointer}/${keyword}/${step}`, inPlace);
      }
    }
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decoded(reference: string): string {
  try {
    return decodeURIComponent(reference);
  } catch {
    return reference;
  }
}
