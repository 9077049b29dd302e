import { describe, expect, it } from '@jest/globals';
import type { JsonValue, PatchStep } from '@tenon/contracts';
import fc from 'fast-check';
import { jsonPatch } from '../src/replays/json-patch.js';

/** Carries steps out as RFC 6902 says, on a copy. */
function applied(value: JsonValue, steps: readonly PatchStep[]): unknown {
  const holder: { root: unknown } = { root: structuredClone(value) };
  for (const { op, path, value: next } of steps) {
    const names = [
      'root',
      ...path
        .split('/')
        .slice(1)
        .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')),
    ];
    const last = names.pop() ?? '';
    let at: object = holder;
    for (const name of names) at = Reflect.get(at, name);
    if (Array.isArray(at) && op !== 'replace')
      at.splice(Number(last), op === 'remove' ? 1 : 0, ...(op === 'add' ? [next] : []));
    else if (op === 'remove') Reflect.deleteProperty(at, last);
    else Object.defineProperty(at, last, { value: next, enumerable: true, configurable: true, writable: true });
  }
  return holder.root;
}

const json = fc.jsonValue({ maxDepth: 4 }).map((value): JsonValue => JSON.parse(JSON.stringify(value)));

describe('the difference of two outputs', () => {
  it('turns the one into the other', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(applied(before, jsonPatch(before, after, 10_000).steps)).toEqual(after);
      }),
    );
  });

  it('is empty for equal values and only for those', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(jsonPatch(before, before, 10).steps).toEqual([]);
        expect(jsonPatch(before, after, 10).steps.length === 0).toBe(
          JSON.stringify(before) === JSON.stringify(after) || isSame(before, after),
        );
      }),
    );
  });

  it('names members as a JSON Pointer does, and says when it was cut', () => {
    expect(jsonPatch({ 'a/b~c': 1 }, { 'a/b~c': 2 }, 5)).toEqual({
      steps: [{ op: 'replace', path: '/a~1b~0c', value: 2 }],
      cut: false,
    });
    expect(jsonPatch([1, 2, 3], [4, 5, 6], 2)).toMatchObject({ steps: { length: 2 }, cut: true });
  });
});

/** The order of members does not count. */
function isSame(before: JsonValue, after: JsonValue): boolean {
  try {
    expect(before).toEqual(after);
    return true;
  } catch {
    return false;
  }
}
