/**
 * Deeper JSON than any schema of a business document needs; a bound because readers of the output, unlike V8's parser,
 * may recurse.
 */
export const outputNestingMax = 256;

export type JsonOutput =
  | { readonly valid: true; readonly text: string }
  | { readonly valid: false; readonly why: string };

const openers = new Set(['[', '{']);
const closers = new Set([']', '}']);

/** Depth of text that is known to be JSON, so that strings are the only place where brackets don't count. */
function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    const token = match[0];
    if (openers.has(token)) depth += 1;
    else if (closers.has(token)) depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/**
 * A number that no double can hold: it would be read as infinity, which JSON can't write, so that the caller would get
 * `null` for it. Only exponents of three digits, or as many digits before the point, get there.
 */
function numberTooLarge(text: string): string | undefined {
  if (!/[eE]\+?\d{3}|\d{309}/.test(text)) return undefined;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs)) {
    if (!token.startsWith('"') && !Number.isFinite(Number(token))) return token;
  }
  return undefined;
}

const shownCharactersMax = 40;

/** Made once: making one costs more than most outputs take to decode. It keeps nothing from one output to the next. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Checks what a guest wrote: UTF-8, one JSON text, not nested too deep. White space around it is taken off. */
export function checkOutput(bytes: Uint8Array): JsonOutput {
  if (bytes.length === 0) return { valid: false, why: 'The function wrote no output.' };
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { valid: false, why: 'The output is not UTF-8.' };
  }
  return checkOutputText(text);
}

/** The same for an output that already is text. */
export function checkOutputText(text: string): JsonOutput {
  try {
    JSON.parse(text);
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'it can not be parsed';
    return { valid: false, why: `The output is not JSON: ${why}.` };
  }
  // Text this short can't be nested too deep, and most outputs are short.
  if (text.length > outputNestingMax && nestingOf(text) > outputNestingMax) {
    return { valid: false, why: `The output is nested deeper than ${outputNestingMax} levels.` };
  }
  const tooLarge = numberTooLarge(text);
  if (tooLarge !== undefined) {
    const shown = tooLarge.slice(0, shownCharactersMax);
    return { valid: false, why: `The output holds a number too large for JSON's readers: ${shown}.` };
  }
  return { valid: true, text: text.trim() };
}
