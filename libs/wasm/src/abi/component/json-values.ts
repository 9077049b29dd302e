import { type ComponentEntry, type ComponentType, typedArrays } from './component-types.js';

/** The input does not fit the function's parameters; `path` says where, as in `cart.lines[2].quantity`. */
export class InputMismatch extends Error {
  constructor(
    readonly path: string,
    readonly expected: string,
  ) {
    super(`${path === '' ? 'the input' : path} is not ${expected}`);
  }
}

/** Deeper than any type that a component can export; JSON is only walked as deep as the types go. */
const depthMax = 64;

interface Place {
  readonly types: readonly ComponentType[];
  readonly path: string;
  readonly depth: number;
}

function inner(place: Place, step: string): Place {
  return {
    ...place,
    path: place.path === '' && step.startsWith('.') ? step.slice(1) : place.path + step,
    depth: place.depth + 1,
  };
}

function mismatch(place: Place, expected: string): never {
  throw new InputMismatch(place.path, expected);
}

function toBigint(value: unknown, place: Place): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  return mismatch(place, 'an integer (beyond 2^53 written as a string)');
}

function toNumbers(value: unknown, name: keyof typeof typedArrays, place: Place): unknown {
  if (!Array.isArray(value)) return mismatch(place, 'a list of numbers');
  if (name === 'BigInt64Array' || name === 'BigUint64Array') {
    return typedArrays[name].from(value.map((item, i) => toBigint(item, inner(place, `[${i}]`))));
  }
  const wanted = `a number that fits ${name}`;
  // Only numbers get as far as the array: it would ask other values for what they are as text.
  const numbers = value.map((item: unknown, i) =>
    typeof item === 'number' ? item : mismatch(inner(place, `[${i}]`), wanted),
  );
  const array = typedArrays[name].from(numbers);
  const isFloat = name === 'Float32Array' || name === 'Float64Array';
  const misfit = isFloat ? -1 : numbers.findIndex((item, i) => array[i] !== item);
  if (misfit >= 0) mismatch(inner(place, `[${misfit}]`), wanted);
  return array;
}

type RecordType = Extract<ComponentType, { kind: 'record' }>;

function toRecord(value: unknown, type: RecordType, place: Place): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return mismatch(place, 'an object');
  const record: Record<string, unknown> = Object.create(null);
  for (const { name, of, optional } of type.fields) {
    const field = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    const at = inner(place, `.${name}`);
    if (field === undefined || (field === null && optional)) {
      if (!optional && place.types[of]?.kind !== 'nothing') mismatch(at, 'there');
      continue;
    }
    record[name] = toValue(field, of, at);
  }
  return record;
}

/** Members of a union are told apart by being tried; their number is what the uploaded type says. */
function toUnion(value: unknown, members: readonly number[], place: Place): unknown {
  let first: InputMismatch | undefined;
  for (const member of members) {
    try {
      return toValue(value, member, place);
    } catch (error) {
      if (!(error instanceof InputMismatch)) throw error;
      // A mismatch further inside tells more than "is not 'bad-cart'".
      if (first === undefined || error.path.length > first.path.length) first = error;
    }
  }
  throw first ?? new InputMismatch(place.path, 'possible');
}

function primitive(value: unknown, kind: 'string' | 'number' | 'boolean', place: Place): unknown {
  return typeof value === kind ? value : mismatch(place, `a ${kind}`);
}

function toValue(value: unknown, reference: number, place: Place): unknown {
  const type = place.types[reference];
  if (type === undefined || place.depth > depthMax) return mismatch(place, 'nested so deep');
  switch (type.kind) {
    case 'string':
    case 'number':
    case 'boolean':
      return primitive(value, type.kind, place);
    case 'bigint':
      return toBigint(value, place);
    case 'nothing':
      return value === null || value === undefined ? undefined : mismatch(place, 'null');
    case 'literal':
      return value === type.value ? value : mismatch(place, JSON.stringify(type.value));
    case 'numbers':
      return toNumbers(value, type.array, place);
    case 'list':
      return Array.isArray(value)
        ? value.map((item, i) => toValue(item, type.of, inner(place, `[${i}]`)))
        : mismatch(place, 'a list');
    case 'tuple':
      return Array.isArray(value) && value.length === type.of.length
        ? type.of.map((of, i) => toValue(value[i], of, inner(place, `[${i}]`)))
        : mismatch(place, `a list of ${type.of.length}`);
    case 'record':
      return toRecord(value, type, place);
    case 'union':
      return toUnion(value, type.of, place);
  }
}

/**
 * Maps the input to the function's arguments. One parameter takes the whole input; several take the fields of an
 * object that are named like them.
 *
 * @throws InputMismatch when the input does not fit.
 */
export function argumentsFrom(input: unknown, entry: ComponentEntry): unknown[] {
  const root: Place = { types: entry.types, path: '', depth: 0 };
  const [only] = entry.params;
  if (entry.params.length === 1 && only !== undefined) return [toValue(input, only.type, root)];
  return entry.params.map(({ name, type }) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return mismatch(root, 'an object');
    const value = Object.hasOwn(input, name) ? (input as Record<string, unknown>)[name] : undefined;
    return toValue(value, type, inner(root, `.${name}`));
  });
}

/** JSON has no 64-bit integers: those that a number can't hold exactly are written as strings. */
function jsonInteger(value: bigint): number | string {
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

/**
 * Writes a value that a component returned as JSON.
 *
 * @throws RangeError for numbers that JSON has no word for.
 */
export function jsonFrom(value: unknown): string {
  const text = JSON.stringify(value ?? null, (_key, part: unknown) => {
    if (typeof part === 'bigint') return jsonInteger(part);
    if (typeof part === 'number' && !Number.isFinite(part)) throw new RangeError(`${part} can not be written as JSON`);
    if (ArrayBuffer.isView(part) && !(part instanceof DataView)) return Array.from(part as unknown as number[]);
    return part;
  });
  return text;
}
