import { type JsonValue, ProblemError } from '@tenon/contracts';

/** Deeper JSON than any event needs; a bound here keeps every recursive reader behind it from running out of stack. */
export const jsonDepthMax = 64;

const quote = 0x22;
const backslash = 0x5c;
const lowerU = 0x75;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Reads a JSON body. Refused are: bytes that are not UTF-8, nesting beyond {@link jsonDepthMax}, `__proto__` as a name,
 * and text with U+0000 or lone surrogates, which Postgres cannot keep.
 *
 * @throws ProblemError `invalid_json`
 */
export function parseJsonBody(body: Uint8Array): JsonValue {
  if (body.length === 0) throw new ProblemError('invalid_json', 'The body is empty; a JSON value is needed.');
  const { depth, hasUnicodeEscape } = survey(body);
  if (depth > jsonDepthMax) {
    throw new ProblemError('invalid_json', `The body nests deeper than ${jsonDepthMax} levels.`);
  }
  const text = decode(body);
  const value = parse(text);
  if (hasUnicodeEscape || text.includes('__proto__')) refuseHostile(value);
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

/** One pass over the bytes: how deep they nest, and whether any text holds a `\u` escape. */
function survey(body: Uint8Array): { depth: number; hasUnicodeEscape: boolean } {
  let level = 0;
  let depth = 0;
  let inText = false;
  let hasUnicodeEscape = false;
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
  }
  return { depth, hasUnicodeEscape };
}

/** Only an escape can bring in U+0000 or a lone surrogate: raw ones are not JSON or not UTF-8. */
function refuseHostile(value: JsonValue): void {
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
