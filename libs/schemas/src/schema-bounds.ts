import type { FieldError, JsonObject, JsonValue } from '@tenon/contracts';

/** What a schema from outside may be, so that compiling it and checking with it stay cheap. */
export interface SchemaBounds {
  /** Of its JSON text. */
  readonly bytesMax: number;
  /** Objects and arrays inside each other. */
  readonly depthMax: number;
  /** Values of any kind in it. */
  readonly valuesMax: number;
  /** `$ref` can make a schema much larger than its text, so who is not trusted with that gets none. */
  readonly refsMax: number;
}

/** Comparing every item with every other takes the square of their number. */
const uniqueItemsMax = 1_000;
const dialect = 'https://json-schema.org/draft/2020-12/schema';
const refKeywords = new Set(['$ref', '$dynamicRef', '$recursiveRef']);
/** A schema with `$async` compiles to a function that answers with a promise, and a promise is always true. */
const refusedKeywords = new Map([
  ['$async', 'is not allowed'],
  ['$vocabulary', 'is not allowed'],
]);
/** Below these stand names that the author chose, or data. */
const maps = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
const data = new Set(['const', 'enum', 'default', 'examples']);

/** What keeps `schema` from being used, with pointers below `base`; empty where nothing does. */
export function boundFaults(schema: JsonObject, bounds: SchemaBounds, base: string): readonly FieldError[] {
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > bounds.bytesMax) {
    return [{ pointer: base, message: `the schema has ${bytes} bytes; at most ${bounds.bytesMax} are allowed` }];
  }
  const walk = new SchemaWalk(bounds, base);
  walk.visit(schema, base, 1, 'schema');
  return walk.faults;
}

type Role = 'schema' | 'map' | 'data';

class SchemaWalk {
  readonly faults: FieldError[] = [];
  #values = 0;
  #refs = 0;

  constructor(
    private readonly bounds: SchemaBounds,
    private readonly base: string,
  ) {}

  /** Stops at the first fault: the walk itself has to stay within the bounds. */
  visit(value: JsonValue, pointer: string, depth: number, role: Role): void {
    if (this.faults.length > 0) return;
    this.#values += 1;
    if (this.#values > this.bounds.valuesMax) {
      this.#fault(pointer, `the schema has more than ${this.bounds.valuesMax} values`);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    if (depth > this.bounds.depthMax) {
      this.#fault(pointer, `the schema is nested deeper than ${this.bounds.depthMax}`);
      return;
    }
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.visit(item, `${pointer}/${index}`, depth + 1, role);
      return;
    }
    this.#visitObject(value, pointer, depth, role);
  }

  #visitObject(value: JsonObject, pointer: string, depth: number, role: Role): void {
    if (role === 'schema') this.#checkKeywords(value, pointer);
    for (const [name, inner] of Object.entries(value)) {
      if (name === '__proto__') {
        this.#fault(pointer, '"__proto__" is not allowed as a name');
        return;
      }
      this.visit(inner, `${pointer}/${pointerStep(name)}`, depth + 1, roleBelow(name, role));
    }
  }

  #checkKeywords(schema: JsonObject, pointer: string): void {
    for (const [keyword, value] of Object.entries(schema)) {
      const refusal = refusedKeywords.get(keyword);
      if (refusal !== undefined) {
        this.#fault(`${pointer}/${keyword}`, `"${keyword}" ${refusal}`);
        return;
      }
      if (refKeywords.has(keyword)) this.#checkRef(value, `${pointer}/${keyword}`);
    }
    // References would be read from there instead of from the root.
    if (schema['$id'] !== undefined && pointer !== this.base) {
      this.#fault(`${pointer}/$id`, '"$id" is only allowed at the root');
      return;
    }
    if (schema['$schema'] !== undefined && schema['$schema'] !== dialect) {
      this.#fault(`${pointer}/$schema`, `only draft 2020-12 is understood: "${dialect}"`);
    }
    const { uniqueItems, maxItems } = schema;
    if (uniqueItems === true && !(typeof maxItems === 'number' && maxItems <= uniqueItemsMax)) {
      this.#fault(`${pointer}/uniqueItems`, `"uniqueItems" needs "maxItems" of at most ${uniqueItemsMax} beside it`);
    }
  }

  #checkRef(value: JsonValue | undefined, pointer: string): void {
    this.#refs += 1;
    if (typeof value !== 'string' || !value.startsWith('#')) {
      this.#fault(pointer, 'only references inside the schema are followed: they begin with "#"');
      return;
    }
    if (this.#refs > this.bounds.refsMax) {
      this.#fault(pointer, `the schema has more than ${this.bounds.refsMax} references`);
    }
  }

  #fault(pointer: string, message: string): void {
    if (this.faults.length === 0) this.faults.push({ pointer, message });
  }
}

function roleBelow(name: string, role: Role): Role {
  if (role === 'data') return 'data';
  if (role === 'map') return 'schema';
  if (data.has(name)) return 'data';
  return maps.has(name) ? 'map' : 'schema';
}

/** A name as a step of a JSON Pointer (RFC 6901). */
export function pointerStep(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
