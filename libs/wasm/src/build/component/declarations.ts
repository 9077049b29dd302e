import { DeclarationError, type Token, TokenReader } from './declaration-tokens.js';

/** A type as it is written, before names are looked up. */
export type TypeText =
  | { readonly kind: 'name'; readonly name: string; readonly args: readonly TypeText[] }
  | { readonly kind: 'import'; readonly file: string; readonly name: string }
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'tuple'; readonly of: readonly TypeText[] }
  | { readonly kind: 'union'; readonly of: readonly TypeText[] }
  | { readonly kind: 'record'; readonly fields: readonly FieldText[] };

export interface FieldText {
  readonly name: string;
  readonly type: TypeText;
  readonly optional: boolean;
}

export interface FunctionText {
  readonly name: string;
  readonly params: readonly FieldText[];
  readonly result: TypeText;
}

/** What one declaration file says: types by name, functions, and the members of the interface `Root`. */
export interface Declarations {
  readonly types: ReadonlyMap<string, TypeText>;
  readonly functions: readonly FunctionText[];
  /** Exports of the component: functions, and instances by the file of their interface. */
  readonly root: readonly (FunctionText | { readonly name: string; readonly file: string })[];
}

/** Types of components can't be recursive, so the text nests no deeper than the component's types do. */
const nestingMax = 64;

function name(token: Token): string {
  if (token.kind === 'mark' || token.kind === 'end') throw new DeclarationError(`expected a name, found ${token.text}`);
  return token.text;
}

function record(reader: TokenReader, depth: number): TypeText {
  const fields: FieldText[] = [];
  reader.expect('{');
  while (!reader.accept('}')) {
    const field = name(reader.next());
    const optional = reader.accept('?');
    reader.expect(':');
    fields.push({ name: field, optional, type: type(reader, depth + 1) });
    if (!reader.accept(',')) reader.accept(';');
  }
  return { kind: 'record', fields };
}

function list(reader: TokenReader, close: string, depth: number): TypeText[] {
  const items: TypeText[] = [];
  while (!reader.accept(close)) {
    items.push(type(reader, depth + 1));
    reader.accept(',');
  }
  return items;
}

function single(reader: TokenReader, depth: number): TypeText {
  const token = reader.peek();
  if (token.kind === 'string') return { kind: 'literal', value: reader.next().text };
  if (token.text === '{') return record(reader, depth);
  if (reader.accept('[')) return { kind: 'tuple', of: list(reader, ']', depth) };
  if (reader.accept('(')) {
    const inner = type(reader, depth + 1);
    reader.expect(')');
    return inner;
  }
  if (token.text === 'import' && reader.peek(1).text === '(') {
    reader.next();
    reader.expect('(');
    const file = reader.next().text;
    reader.expect(')');
    reader.expect('.');
    return { kind: 'import', file, name: name(reader.next()) };
  }
  const word = name(reader.next());
  return { kind: 'name', name: word, args: reader.accept('<') ? list(reader, '>', depth) : [] };
}

function type(reader: TokenReader, depth: number): TypeText {
  if (depth > nestingMax) throw new DeclarationError('the types are nested too deep');
  reader.accept('|');
  const of = [single(reader, depth)];
  while (reader.accept('|')) of.push(single(reader, depth));
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind: 'union', of };
}

function functionAfterName(reader: TokenReader, functionName: string): FunctionText {
  const params: FieldText[] = [];
  reader.expect('(');
  while (!reader.accept(')')) {
    const param = name(reader.next());
    const optional = reader.accept('?');
    reader.expect(':');
    params.push({ name: param, optional, type: type(reader, 0) });
    reader.accept(',');
  }
  reader.expect(':');
  return { name: functionName, params, result: type(reader, 0) };
}

/** The interface `Root`: methods for functions, `typeof` for instances. */
function rootMembers(reader: TokenReader, files: ReadonlyMap<string, string>): Declarations['root'] {
  const members: Declarations['root'][number][] = [];
  reader.expect('{');
  while (!reader.accept('}')) {
    const member = name(reader.next());
    if (reader.peek().text === '(') members.push(functionAfterName(reader, member));
    else {
      reader.expect(':');
      reader.expect('typeof');
      members.push({ name: member, file: files.get(name(reader.next())) ?? '' });
    }
    reader.accept(',');
  }
  return members;
}

/** Steps over a statement that carries no types of values: ends at a semicolon outside of braces, or after braces. */
function skipStatement(reader: TokenReader): void {
  let depth = 0;
  for (;;) {
    const { kind, text } = reader.next();
    if (kind === 'end') return;
    if (kind === 'string') continue;
    if (text === '{' || text === '(') depth += 1;
    if (text === '}' || text === ')') depth -= 1;
    if (depth === 0 && (text === ';' || (text === '}' && reader.peek().text !== 'from'))) return;
  }
}

/** `import type * as Name from './file.js';` */
function importedFile(reader: TokenReader, files: Map<string, string>): void {
  const isNamespace = reader.peek(1).text === 'type' && reader.peek(2).text === '*';
  if (isNamespace) files.set(reader.peek(4).text, reader.peek(6).text);
  skipStatement(reader);
}

/**
 * Reads one declaration file as jco writes it. This is not a TypeScript parser: what it does not know it refuses.
 *
 * @throws DeclarationError for anything unexpected.
 */
export function readDeclarations(text: string): Declarations {
  const reader = new TokenReader(text);
  const types = new Map<string, TypeText>();
  const functions: FunctionText[] = [];
  const files = new Map<string, string>();
  let root: Declarations['root'] = [];
  while (reader.peek().kind !== 'end') {
    const isExport = reader.peek().text === 'export';
    const keyword = reader.peek(isExport ? 1 : 0).text;
    const subject = reader.peek(isExport ? 2 : 1).text;
    if (keyword === 'import' && !isExport) importedFile(reader, files);
    else if (keyword === 'interface' && subject === 'Root') {
      reader.next();
      reader.next();
      reader.next();
      root = rootMembers(reader, files);
    } else if (keyword === 'interface' && subject !== 'ImportObject') {
      reader.next();
      reader.next();
      types.set(name(reader.next()), record(reader, 0));
    } else if (isExport && keyword === 'type' && reader.peek(3).text === '=') {
      reader.next();
      reader.next();
      const alias = name(reader.next());
      reader.expect('=');
      types.set(alias, type(reader, 0));
      reader.accept(';');
    } else if (isExport && keyword === 'function' && subject !== 'instantiate') {
      reader.next();
      reader.next();
      functions.push(functionAfterName(reader, name(reader.next())));
      reader.accept(';');
    } else skipStatement(reader);
  }
  return { types, functions, root };
}
