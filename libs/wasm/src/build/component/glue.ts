import type { BuildRejection } from '@tenon/contracts';
import { printable } from '../../abi/abi-rejection.js';
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

/**
 * Makes a script out of jco's module: an expression statement whose value is `instantiate`. The two places that change
 * are found at the very start and the very end, where no name of the component's stands.
 *
 * @returns undefined when the text is not what this version of jco writes, which would be a bug of ours.
 */
export function scriptFrom(moduleText: string): string | undefined {
  if (!moduleText.startsWith(head) || !tail.test(moduleText)) return undefined;
  const body = moduleText.slice(head.length).replace(tail, '');
  return `"use strict";\n(function instantiate(${body.trimEnd().replace(/;$/, '')})`;
}
