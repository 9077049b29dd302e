/** One token of the TypeScript declarations that jco writes: a word, a quoted string or a mark. */
export interface Token {
  readonly kind: 'word' | 'string' | 'mark' | 'end';
  readonly text: string;
}

const endToken: Token = { kind: 'end', text: '' };

/** The declarations of the largest components known take a few hundred kilobytes. */
export const declarationCharactersMax = 2_000_000;

/** Comments come first: a doc comment in WIT ends up in one, with whatever its author wrote. */
const tokenPattern = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'((?:[^'\\\n]|\\.)*)'|([A-Za-z_$][\w$]*)|(=>|[^\s\w])/g;

/** The declarations are not what this version of jco writes, or use a type that has no place in JSON. */
export class DeclarationError extends Error {}

/** Reads one declaration file token by token. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  /** @throws DeclarationError when the text is larger than it could be. */
  constructor(text: string) {
    if (text.length > declarationCharactersMax) throw new DeclarationError('the types of the component are too large');
    const tokens: Token[] = [];
    for (const [, quoted, word, mark] of text.matchAll(tokenPattern)) {
      if (quoted !== undefined) tokens.push({ kind: 'string', text: quoted });
      else if (word !== undefined) tokens.push({ kind: 'word', text: word });
      else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark });
    }
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? endToken;
  }

  next(): Token {
    const token = this.peek();
    this.#at += 1;
    return token;
  }

  /** True, and consumed, when the next token is this one. */
  accept(text: string): boolean {
    const found = this.peek().text === text && this.peek().kind !== 'string';
    if (found) this.#at += 1;
    return found;
  }

  /** @throws DeclarationError when the next token is another one. */
  expect(text: string): void {
    if (!this.accept(text)) throw new DeclarationError(`expected ${text}, found ${this.peek().text}`);
  }
}
