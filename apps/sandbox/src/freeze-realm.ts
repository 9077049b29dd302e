/** Statics of these are set while runs are prepared: how deep stacks are captured, and how they are written. */
const keptOpen: ReadonlySet<unknown> = new Set([globalThis, Error]);

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Intrinsics that no global names, found through what makes them. */
function unnamed(): object[] {
  const made = [
    (function* () {})(),
    (async function* () {})(),
    async () => {},
    [][Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    ''[Symbol.iterator](),
    ''.matchAll(/x/g),
  ];
  return made.map((one) => Object.getPrototypeOf(one) as object);
}

/** What hangs on an object by its own properties and its prototype; getters are not called. */
function partsOf(holder: object): unknown[] {
  const descriptors = Reflect.ownKeys(holder).map((key) => Reflect.getOwnPropertyDescriptor(holder, key));
  return [Object.getPrototypeOf(holder), ...descriptors.flatMap((one) => [one?.value, one?.get, one?.set])];
}

/**
 * Freezes every constructor and prototype of this thread's own realm. A component's code has a realm of its own, but
 * objects of this one are passed to it, and through their prototypes one run could leave something for the next. Call
 * it when doors are closed: what is no longer reachable need not be frozen.
 */
export function freezeRealm(): void {
  const seen = new Set<object>();
  // Node makes some of its globals when they are first asked for.
  const named = Reflect.ownKeys(globalThis).map((name) => Reflect.get(globalThis, name));
  const next: unknown[] = [...named, ...partsOf(globalThis), ...unnamed()];
  while (next.length > 0) {
    const found = next.pop();
    if (!isObject(found) || seen.has(found)) continue;
    seen.add(found);
    next.push(...partsOf(found));
    freeze(found);
  }
}

/**
 * Errors are given names and messages of their own by assignment, which a frozen prototype would refuse: theirs are
 * sealed. Typed arrays can't be frozen while they hold something, and hold no code.
 */
function freeze(found: object): void {
  if (keptOpen.has(found) || ArrayBuffer.isView(found)) return;
  if (found === Error.prototype || found instanceof Error) Object.seal(found);
  else Object.freeze(found);
}
