import type { JsonValue, PatchStep } from '@tenon/contracts';

/** Steps that turn one JSON value into another (RFC 6902), and whether there were more than were wanted. */
export interface Patch {
  readonly steps: readonly PatchStep[];
  readonly cut: boolean;
}

/** Elements of arrays are compared by their place; of objects, by their name. At most `stepsMax` steps. */
export function jsonPatch(before: JsonValue, after: JsonValue, stepsMax: number): Patch {
  const steps: PatchStep[] = [];
  for (const step of stepsBetween(before, after, '')) {
    if (steps.length === stepsMax) return { steps, cut: true };
    steps.push(step);
  }
  return { steps, cut: false };
}

function* stepsBetween(before: JsonValue, after: JsonValue, path: string): Iterable<PatchStep> {
  if (Array.isArray(before) && Array.isArray(after)) yield* stepsOfArray(before, after, path);
  else if (isObject(before) && isObject(after)) yield* stepsOfObject(before, after, path);
  else if (before !== after) yield { op: 'replace', path, value: after };
}

function* stepsOfArray(before: readonly JsonValue[], after: readonly JsonValue[], path: string): Iterable<PatchStep> {
  const shared = Math.min(before.length, after.length);
  for (let place = 0; place < shared; place += 1) {
    yield* stepsBetween(before[place] ?? null, after[place] ?? null, `${path}/${place}`);
  }
  // From the end, so that no removal moves what is still to be removed.
  for (let place = before.length - 1; place >= shared; place -= 1) yield { op: 'remove', path: `${path}/${place}` };
  for (let place = shared; place < after.length; place += 1) {
    yield { op: 'add', path: `${path}/${place}`, value: after[place] ?? null };
  }
}

type JsonMembers = { readonly [name: string]: JsonValue };

function* stepsOfObject(before: JsonMembers, after: JsonMembers, path: string): Iterable<PatchStep> {
  for (const [name, value] of Object.entries(before)) {
    const own = `${path}/${escaped(name)}`;
    const next = Object.hasOwn(after, name) ? after[name] : undefined;
    if (next === undefined) yield { op: 'remove', path: own };
    else yield* stepsBetween(value, next, own);
  }
  for (const [name, value] of Object.entries(after)) {
    if (!Object.hasOwn(before, name)) yield { op: 'add', path: `${path}/${escaped(name)}`, value };
  }
}

function isObject(value: JsonValue): value is JsonMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As a step of a JSON Pointer (RFC 6901). */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
