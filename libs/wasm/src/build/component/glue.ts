import type { BuildRejection } from '@tenon/contracts';
import { printable } from '../../abi/abi-rejection.js';
import { liftHook } from '../../abi/component/component-realm.js';
import type { DecodedModule } from '../../inspect/decoded-module.js';

/** What jco writes for a component of the size that may be uploaded stays far below. */
export const glueBytesMax = 4_000_000;

/**
 * Names that may appear in generated JavaScript. Every toolchain known stays within this set; quotes, backslashes,
 * backticks, braces, line breaks and everything beyond ASCII are outside of it, so that a name can't end a string,
 * open a template or hide in an editor.
 */
const safeName = /^[A-Za-z0-9_$.:/@#()|[\]<>=+*, -]{0,256}$/;

/** Safe characters, but names that mean something to JavaScript objects. */
const unsafeNames = new Set(['__proto__', 'constructor', 'prototype', '__defineGetter__', '__defineSetter__']);

/** Exports become functions of the glue, where jco has put their names in camel case, and would stand in for these. */
const takenByGlue = new Set(['arguments', 'getOrCreateAsyncState', 'backpressureWaiters']);

/**
 * Refuses an export that would shadow what the glue calls: it would build, and then no run of it would end well.
 *
 * @param exports names in camel case.
 */
export function takenNameRejection(exports: readonly string[]): BuildRejection | undefined {
  const taken = exports.find((name) => takenByGlue.has(name));
  if (taken === undefined) return undefined;
  return {
    code: 'taken_name',
    message: 'An export of the component has a name that the code between its modules uses itself.',
    found: printable(taken),
    allowed: `any name but ${[...takenByGlue].join(', ')}, also when written with hyphens`,
  };
}

function isSafe(name: string): boolean {
  return safeName.test(name) && !unsafeNames.has(name);
}

/** Refuses a component in which any name that reaches the glue is not plainly harmless. */
export function unsafeNameRejection(
  modules: readonly DecodedModule[],
  names: readonly string[],
): BuildRejection | undefined {
  const all = [
    ...names,
    ...modules.flatMap((module) => [
      ...module.imports.flatMap((entry) => [entry.module, entry.name]),
      ...module.exports.map((entry) => entry.name),
    ]),
  ];
  const unsafe = all.find((name) => !isSafe(name));
  if (unsafe === undefined) return undefined;
  return {
    code: 'unsafe_name',
    message: 'An import or export in the component has a name that Tenon does not let into generated code.',
    found: printable(unsafe),
    allowed: `up to 256 of the characters A-Z a-z 0-9 _ $ . : / @ # | [ ] < > = + * , - ( ) and space, and not ${[...unsafeNames].join(', ')}`,
  };
}

const head = '"use components";\nexport function instantiate(';
const tail = /\nexport const _util = \{\s*\}\s*$/;

/** Where the glue walks a list of a guest's, and where it copies a list of numbers, as jco writes both. */
const listLoop = /for \(let i = 0; i < (len\d+); i\+\+\) \{(\s*const base = base\d+ \+ i \* \d+;)/g;
const listCopy = /\.buffer\.slice\((ptr\d+), \1 \+ (len\d+) \* (\d+)\)/g;

/** The same where the text above would not be found, should another version of jco write it otherwise. */
const unmarkedLoop = /for \((?:let|var) \w+ = 0; \w+ < len\d+; /;
const unmarkedCopy = /\.buffer\.slice\((?!\$)/;

/**
 * Lets the glue announce what it takes out of a guest's memory. A list may hold the same bytes many times over, so
 * that neither the size of a memory nor what the guest computed bounds what its lists take in JavaScript.
 */
function withLiftHooks(body: string): string | undefined {
  const marked = body
    .replace(listLoop, (_all, length: string, next: string) => {
      return `for (let i = ${liftHook}(${length}, 0) ?? 0; i < ${length}; i++) {${next}`;
    })
    .replace(listCopy, (_all, pointer: string, length: string, size: string) => {
      return `.buffer.slice(${liftHook}(${length}, ${length} * ${size}) ?? ${pointer}, ${pointer} + ${length} * ${size})`;
    });
  return unmarkedLoop.test(marked) || unmarkedCopy.test(marked) ? undefined : marked;
}

/**
 * Makes a script out of jco's module: an expression statement whose value is `instantiate`. The two places that change
 * are found at the very start and the very end, where no name of the component's stands.
 *
 * @returns undefined when the text is not what this version of jco writes, which would be a bug of ours.
 */
export function scriptFrom(moduleText: string): string | undefined {
  if (!moduleText.startsWith(head) || !tail.test(moduleText)) return undefined;
  const body = withLiftHooks(moduleText.slice(head.length).replace(tail, ''));
  if (body === undefined) return undefined;
  return `"use strict";\n(function instantiate(${body.trimEnd().replace(/;$/, '')})`;
}
