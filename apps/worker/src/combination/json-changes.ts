import type { JsonValue } from '@tenon/contracts';

/** Nesting beyond this is taken as one value; JSON.parse has read it, so it is finite, but it need not be followed. */
const depthMax = 64;

interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Applies a JSON merge patch (RFC 7396): members of objects are merged, null removes, anything else replaces. */
export function mergePatch(target: JsonValue, patch: JsonValue, depth = 0): JsonValue {
  if (!isObject(patch) || depth >= depthMax) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key) ?? null, value, depth + 1));
  }
  // From entries, so that a member named `__proto__` is a member like any other.
  return Object.fromEntries(merged);
}

/** JSON Pointers (RFC 6901) to what differs, at most `pointersMax`; the root is the empty text. */
export function changedPointers(before: JsonValue, after: JsonValue, pointersMax: number): readonly string[] {
  const found: string[] = [];
  collect(before, after, '', found, pointersMax, 0);
  return found;
}

function collect(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  pointer: string,
  found: string[],
  max: number,
  depth: number,
): void {
  if (found.length >= max) return;
  const [left, right] = [membersOf(before), membersOf(after)];
  if (
    left === undefined ||
    right === undefined ||
    Array.isArray(before) !== Array.isArray(after) ||
    depth >= depthMax
  ) {
    if (!isSame(before, after)) found.push(pointer);
    return;
  }
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    collect(left.get(key), right.get(key), `${pointer}/${escaped(key)}`, found, max, depth + 1);
  }
}

function membersOf(value: JsonValue | undefined): ReadonlyMap<string, JsonValue> | undefined {
  if (Array.isArray(value)) return new Map(value.map((item, index) => [String(index), item]));
  return isObject(value) ? new Map(Object.entries(value)) : undefined;
}

function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b));
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
