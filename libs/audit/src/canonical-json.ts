/** A value that JSON can carry. `undefined` members of objects are left out, as JSON.stringify does. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** Nesting beyond this is refused, so that hostile details can't exhaust the stack. */
const depthMax = 64;

/**
 * JSON text that is the same for equal values: no spaces, members sorted by UTF-16 code units, numbers as JavaScript
 * writes them (the rules of RFC 8785). Text is first made storable, see {@link storableText}, so that what is hashed
 * here and what Postgres gives back later are one and the same.
 *
 * @throws RangeError for numbers that JSON can't carry and for nesting deeper than 64.
 */
export function canonicalJson(value: JsonValue): string {
  return write(value, 0);
}

function write(value: JsonValue, depth: number): string {
  if (depth > depthMax) throw new RangeError(`details nest deeper than ${depthMax}`);
  if (typeof value === 'string') return JSON.stringify(storableText(value));
  if (typeof value === 'number') return writeNumber(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (isArray(value)) return writeArray(value, depth);
  return writeObject(value, depth);
}

/** An array of plain values is canonical as JSON.stringify writes it, at once; entries about runs are full of them. */
function writeArray(value: readonly JsonValue[], depth: number): string {
  if (value.every(isPlain)) return JSON.stringify(value);
  return `[${value.map((item) => write(item, depth + 1)).join(',')}]`;
}

function isPlain(value: JsonValue): boolean {
  if (typeof value === 'string') return isStorable(value);
  return typeof value === 'number' ? Number.isFinite(value) : value === null || typeof value === 'boolean';
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError('details hold a number that JSON cannot carry');
  return JSON.stringify(value);
}

function writeObject(value: { readonly [key: string]: JsonValue | undefined }, depth: number): string {
  const storable = Object.keys(value).every((key) => storableText(key) === key) ? value : withStorableKeys(value);
  let text = '';
  for (const key of Object.keys(storable).sort()) {
    const member = storable[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${write(member, depth + 1)}`;
  }
  return `{${text}}`;
}

/** Two keys may become one; the later member stays, as it does where JSON is read. */
function withStorableKeys(value: { readonly [key: string]: JsonValue | undefined }) {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [storableText(key), member]));
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Postgres stores neither NUL nor half a surrogate pair; both become U+FFFD, the replacement character. */
export function storableText(text: string): string {
  if (isStorable(text)) return text;
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}
