import { printable } from '../abi/abi-rejection.js';
import type { DecodedModule } from '../inspect/decoded-module.js';
import { readProducers } from '../inspect/producers-section.js';

export interface Origin {
  readonly language?: string;
  readonly toolchain: readonly string[];
}

/** Toolchains write "C11" or "C_plus_plus_14", after DWARF; people say C and C++. */
function plainLanguage(name: string): string {
  if (/^C_plus_plus/.test(name)) return 'C++';
  if (/^C\d\d$/.test(name)) return 'C';
  return name;
}

/** Signs of a language in modules that carry no producers section, the surest first. */
const signs: readonly { readonly language: string; readonly found: (module: DecodedModule) => boolean }[] = [
  {
    language: 'JavaScript',
    found: (module) => exported(module, 'cabi_post_init') || imported(module, /componentize_qjs/),
  },
  {
    language: 'Go',
    found: (module) => module.sections.some(({ name }) => name === 'go:buildid' || name === 'go.buildid'),
  },
  { language: 'TinyGo', found: (module) => exported(module, 'asyncify_start_unwind') && named(module, /^runtime\./) },
  { language: 'AssemblyScript', found: (module) => named(module, /^~lib\//) || exported(module, '__new') },
  { language: 'Rust', found: (module) => named(module, /^_ZN4core|^core::|17h[0-9a-f]{16}E$/) },
  { language: 'Zig', found: (module) => named(module, /^start\.callMain|^debug\.panic/) },
  { language: 'Swift', found: (module) => named(module, /^\$s[0-9A-Z]/) },
  { language: 'C', found: (module) => named(module, /^__wasm_call_ctors$/) || exported(module, '__wasm_call_ctors') },
];

/** Tools that tell the language, although their producers section leaves it out. */
const toolLanguages: readonly { readonly tool: RegExp; readonly language: string }[] = [
  { tool: /componentize-?(js|qjs)|spidermonkey|starlingmonkey|quickjs|javy/i, language: 'JavaScript' },
  { tool: /componentize-py/i, language: 'Python' },
  { tool: /TinyGo/i, language: 'TinyGo' },
  { tool: /^Go /, language: 'Go' },
  { tool: /^rustc /, language: 'Rust' },
  { tool: /^clang /, language: 'C' },
];

function named(module: DecodedModule, pattern: RegExp): boolean {
  for (const name of module.functionNames.values()) if (pattern.test(name)) return true;
  return false;
}

function imported(module: DecodedModule, from: RegExp): boolean {
  return module.imports.some((entry) => from.test(entry.module));
}

function exported(module: DecodedModule, name: string): boolean {
  return module.exports.some((entry) => entry.name === name);
}

/** What the producers section claims: languages, and tools with their versions as in `rustc 1.95.0`. */
interface Claims {
  readonly languages: readonly string[];
  readonly tools: readonly string[];
}

function claimsOf(module: DecodedModule): Claims {
  const producers = readProducers(module).map((producer) => ({
    isLanguage: producer.field === 'language',
    text: printable(producer.field === 'language' ? producer.name : `${producer.name} ${producer.version}`.trim()),
  }));
  return {
    languages: producers.filter(({ isLanguage }) => isLanguage).map(({ text }) => text),
    tools: producers.filter(({ isLanguage }) => !isLanguage).map(({ text }) => text),
  };
}

function languageOf(module: DecodedModule, { languages, tools }: Claims): string | undefined {
  const byTool = toolLanguages.find(({ tool }) => tools.some((name) => tool.test(name)))?.language;
  if (byTool === 'JavaScript' || byTool === 'Python') return byTool;
  // A Rust or Go program may link C, which then is named too: the language of the program comes first.
  const stated = languages.map(plainLanguage);
  const main = stated.find((name) => name !== 'C' && name !== 'C++') ?? stated[0];
  return main ?? byTool ?? signs.find(({ found }) => found(module))?.language;
}

/** Language and tools that a module was made with, as far as it shows. */
export function originOf(module: DecodedModule): Origin {
  const claims = claimsOf(module);
  const language = languageOf(module, claims);
  return { toolchain: claims.tools, ...(language === undefined ? {} : { language }) };
}
