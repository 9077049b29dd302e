import { RE2JS } from 're2js';

/** Patterns are compiled to instructions; a repeated repeat makes many of them out of a short text. */
const programSizeMax = 10_000;

interface LinearPattern {
  test(text: string): boolean;
  toString(): string;
}

/**
 * Compiles a pattern of a JSON Schema for RE2, whose time grows with the length of the text and nothing else. The
 * engine of JavaScript goes back and tries again: `^(a+)+$` on thirty characters takes it seconds.
 *
 * @throws Error for what RE2 has not, such as look-around and back-references.
 */
function linearPattern(pattern: string): LinearPattern {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
  if (compiled.programSize() > programSizeMax) {
    throw new Error(`the pattern is too complex: ${JSON.stringify(pattern.slice(0, 60))}`);
  }
  // Ajv tells patterns apart by their text: without it every pattern would be the first one.
  return { test: (text) => compiled.test(text), toString: () => pattern };
}

/** As Ajv's option `code.regExp` wants it; `code` is only used where Ajv writes files, which nobody does here. */
export const linearPatterns = Object.assign(linearPattern, { code: 'linearPattern' });
