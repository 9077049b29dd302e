import type { BuildRejection } from '@tenon/contracts';
import { printable } from '../../abi/abi-rejection.js';
import { type ComponentEntry, type ComponentType, typedArrays } from '../../abi/component/component-types.js';
import { DeclarationError } from './declaration-tokens.js';
import { type Declarations, type FunctionText, readDeclarations, type TypeText } from './declarations.js';

const rootFile = 'component.d.ts';
const typesMax = 20_000;

interface Candidate {
  readonly path: readonly string[];
  readonly file: string;
  readonly declared: FunctionText;
}

const primitives = new Map<string, ComponentType>([
  ['string', { kind: 'string' }],
  ['number', { kind: 'number' }],
  ['bigint', { kind: 'bigint' }],
  ['boolean', { kind: 'boolean' }],
  ['void', { kind: 'nothing' }],
  ['undefined', { kind: 'nothing' }],
]);

/** Turns written types into a table in which types refer to each other by index. */
class TypeTable {
  readonly types: ComponentType[] = [];
  readonly #files: ReadonlyMap<string, Declarations>;
  readonly #named = new Map<string, number>();

  constructor(files: ReadonlyMap<string, Declarations>) {
    this.#files = files;
  }

  add(text: TypeText, file: string): number {
    switch (text.kind) {
      case 'literal':
        return this.#push({ kind: 'literal', value: text.value });
      case 'tuple':
        return this.#push({ kind: 'tuple', of: text.of.map((of) => this.add(of, file)) });
      case 'union':
        return this.#push({ kind: 'union', of: text.of.map((of) => this.add(of, file)) });
      case 'record':
        return this.#push({
          kind: 'record',
          fields: text.fields.map(({ name, type, optional }) => ({ name, optional, of: this.add(type, file) })),
        });
      case 'import':
        return this.#lookUp(text.name, fileName(text.file));
      case 'name':
        return this.#name(text, file);
    }
  }

  #name({ name, args }: Extract<TypeText, { kind: 'name' }>, file: string): number {
    const primitive = primitives.get(name);
    if (primitive !== undefined) return this.#push(primitive);
    const [first, second] = args;
    if (Object.hasOwn(typedArrays, name))
      return this.#push({ kind: 'numbers', array: name as keyof typeof typedArrays });
    if (name === 'Array' && first !== undefined) return this.#push({ kind: 'list', of: this.add(first, file) });
    if (name === 'Option' && first !== undefined) return this.#tagged([['none'], ['some', first]], file);
    if (name === 'Result' && first !== undefined && second !== undefined) {
      return this.#tagged(
        [
          ['ok', first],
          ['err', second],
        ],
        file,
      );
    }
    return this.#lookUp(name, file);
  }

  #tagged(cases: readonly (readonly [string, TypeText?])[], file: string): number {
    const of = cases.map(([tag, payload]) => {
      const fields = [{ name: 'tag', of: this.#push({ kind: 'literal', value: tag }), optional: false }];
      if (payload !== undefined) fields.push({ name: 'val', of: this.add(payload, file), optional: false });
      return this.#push({ kind: 'record', fields });
    });
    return this.#push({ kind: 'union', of });
  }

  #lookUp(name: string, file: string): number {
    const key = `${file} ${name}`;
    const known = this.#named.get(key);
    if (known !== undefined) return known;
    const text = this.#files.get(file)?.types.get(name);
    if (text === undefined) throw new DeclarationError(`the type ${printable(name)} can not be written as JSON`);
    const index = this.add(text, file);
    this.#named.set(key, index);
    return index;
  }

  #push(type: ComponentType): number {
    if (this.types.length >= typesMax) throw new DeclarationError('the function has too many types');
    return this.types.push(type) - 1;
  }
}

function fileName(imported: string): string {
  const base = imported.replace(/^(\.\/)?(interfaces\/)?/, '').replace(/\.js$/, '.d.ts');
  return `interfaces/${base}`;
}

function readAll(declarations: ReadonlyMap<string, string>): ReadonlyMap<string, Declarations> {
  return new Map([...declarations].map(([file, text]) => [file, readDeclarations(text)]));
}

function candidatesOf(files: ReadonlyMap<string, Declarations>): Candidate[] {
  const members = files.get(rootFile)?.root ?? [];
  const candidates = members.flatMap((member): Candidate[] => {
    if ('params' in member) return [{ path: [member.name], file: rootFile, declared: member }];
    const file = fileName(member.file);
    const functions = files.get(file)?.functions ?? [];
    return functions.map((declared) => ({ path: [member.name, declared.name], file, declared }));
  });
  // An instance is there twice, with its package and, where that is unambiguous, without.
  return candidates.filter(({ path: [holder = ''], file }) => file === rootFile || holder.includes(':'));
}

/** A function whose name is a keyword is declared under another one and exported in a clause of its own. */
function keywordRejection(
  files: ReadonlyMap<string, Declarations>,
  declarations: ReadonlyMap<string, string>,
): BuildRejection | undefined {
  const members = files.get(rootFile)?.root ?? [];
  const exported = members.flatMap((member) => ('params' in member ? [] : [fileName(member.file)]));
  for (const file of [rootFile, ...exported]) {
    const [, keyword] = /^export \{ \w+ as (\w+) \};$/m.exec(declarations.get(file) ?? '') ?? [];
    if (keyword === undefined) continue;
    return {
      code: 'taken_name',
      message: 'The function that the component exports has a name that is a keyword of JavaScript.',
      found: printable(keyword),
      allowed: 'any name that is no keyword, also with a prefix such as do-',
    };
  }
  return undefined;
}

function isText({ params, result }: FunctionText): boolean {
  const isString = (type: TypeText | undefined): boolean => type?.kind === 'name' && type.name === 'string';
  return params.length === 1 && isString(params[0]?.type) && isString(result);
}

/**
 * Which export is called: a top-level function `run`; else the one of `wasi:cli/run`; else the only function that the
 * component exports.
 */
function chosen(candidates: readonly Candidate[]): Candidate | BuildRejection {
  const found =
    candidates.find(({ path: [first], file }) => file === rootFile && first === 'run') ??
    candidates.find(({ path: [first] }) => first?.startsWith('wasi:cli/run@'));
  if (found !== undefined) return found;
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined) return only;
  const allowed = 'a function run, or wasi:cli/run, or exactly one function of any name';
  if (only === undefined) {
    return { code: 'missing_export', message: 'The component exports no function that could be called.', allowed };
  }
  const names = candidates.slice(0, 16).map(({ path }) => printable(path.join('.')));
  return {
    code: 'ambiguous_export',
    message: 'The component exports several functions, and none of them is called run.',
    found: names.join(', '),
    allowed,
  };
}

function refused(message: string, path: readonly string[]): BuildRejection {
  return {
    code: 'unsupported_type',
    message: `The function ${printable(path.join('.'))} can't be called with JSON: ${message}.`,
  };
}

/**
 * Decides how a component is called, from the TypeScript declarations that jco writes beside the glue.
 *
 * @param declarations by file name.
 */
export function componentEntry(declarations: ReadonlyMap<string, string>): ComponentEntry | BuildRejection {
  let path: readonly string[] = [];
  try {
    const files = readAll(declarations);
    const candidates = candidatesOf(files);
    const keyword = candidates.length > 0 ? undefined : keywordRejection(files, declarations);
    const candidate = keyword ?? chosen(candidates);
    if ('code' in candidate) return candidate;
    path = candidate.path;
    const { declared, file } = candidate;
    if (declared.result.kind === 'name' && declared.result.name === 'Promise') {
      return refused('it is asynchronous, and runs are synchronous', path);
    }
    const isCommand = path[0]?.startsWith('wasi:cli/run@') === true;
    if (isCommand || isText(declared)) {
      return { style: isCommand ? 'command' : 'text', path: [...path], params: [], types: [] };
    }
    const table = new TypeTable(files);
    const params = declared.params.map(({ name, type }) => ({
      name: name.replace(/_$/, ''),
      type: table.add(type, file),
    }));
    return { style: 'typed', path: [...path], params, types: table.types };
  } catch (error) {
    if (!(error instanceof DeclarationError)) throw error;
    return refused(error.message, path);
  }
}
