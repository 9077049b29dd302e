import { type JsonValue, ProblemError } from '@tenon/contracts';

/** Deeper JSON than any event needs; a bound here keeps every recursive reader behind it from running out of stack. */
export const jsonDepthMax = 64;

const quote = 0x22;
const backslash = 0x5c;
const lowerU = 0x75;
const lowerE = 0x65;
const upperE = 0x45;
/** The largest double has 309 digits. */
const digitsMax = 309;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Reads a JSON body. Refused are: bytes that are not UTF-8, nesting beyond {@link jsonDepthMax}, `__proto__` as a name,
 * numbers beyond a double, which would be kept as null, and text with U+0000 or lone surrogates, which Postgres cannot
 * keep.
 *
 * @throws ProblemError `invalid_json`
 */
export function parseJsonBody(body: Uint8Array): JsonValue {
  if (body.length === 0) throw new ProblemError('invalid_json', 'The body is empty; a JSON value is needed.');
  const { depth, hasUnicodeEscape, hasLongNumber } = survey(body);
  if (depth > jsonDepthMax) {
    throw new ProblemError('invalid_json', `The body nests deeper than ${jsonDepthMax} levels.`);
  }
  const text = decode(body);
  const value = parse(text);
  if (hasUnicodeEscape || hasLongNumber || text.includes('__proto__')) refuseHostile(value);
  return value;
}

function decode(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new ProblemError('invalid_json', 'The body is not UTF-8.');
  }
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProblemError('invalid_json', 'The body is not valid JSON.');
  }
}

interface Survey {
  /** How deep the bytes nest. */
  readonly depth: number;
  /** Whether any text holds a `\u` escape. */
  readonly hasUnicodeEscape: boolean;
  /** Whether any number has an exponent, or so many digits that it needs none to be too large. */
  readonly hasLongNumber: boolean;
}

/** One pass over the bytes. */
function survey(body: Uint8Array): Survey {
  let level = 0;
  let depth = 0;
  let digits = 0;
  let inText = false;
  let hasUnicodeEscape = false;
  let hasLongNumber = false;
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index];
    if (inText) {
      if (byte === backslash) {
        index += 1;
        if (body[index] === lowerU) hasUnicodeEscape = true;
      } else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === 0x7b || byte === 0x5b) {
      level += 1;
      if (level > depth) depth = level;
    } else if (byte === 0x7d || byte === 0x5d) level -= 1;
    else if (byte !== undefined && byte >= 0x30 && byte <= 0x39) {
      digits += 1;
      if (digits === digitsMax) hasLongNumber = true;
    } else {
      if (digits > 0 && (byte === lowerE || byte === upperE)) hasLongNumber = true;
      digits = 0;
    }
  }
  return { depth, hasUnicodeEscape, hasLongNumber };
}

/** Only an escape can bring in U+0000 or a lone surrogate: raw ones are not JSON or not UTF-8. */
function refuseHostile(value: JsonValue): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new ProblemError('invalid_json', 'A number is too large: beyond 1.7e308 it cannot be kept.');
  }
  if (typeof value === 'string') {
    if (isStorable(value)) return;
    throw new ProblemError('invalid_json', 'Text with U+0000 or a lone surrogate cannot be kept.');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === '__proto__') throw new ProblemError('invalid_json', '"__proto__" is not allowed as a name.');
    refuseHostile(name);
    if (inner !== undefined) refuseHostile(inner);
  }
}

/** Whether Postgres can keep `text`. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
