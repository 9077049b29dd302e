import type { Outcome } from '@tenon/contracts';
import { body, leb, moduleOf, moduleWithCode, section } from './module-bytes.js';

const nop = 0x01;
const block = [0x02, 0x40];
const end = 0x0b;
const brTable = 0x0e;
const i32Const = 0x41;
const i32Add = 0x6a;
const i64 = 0x7e;

function repeat(bytes: readonly number[], times: number): Buffer {
  return Buffer.alloc(bytes.length * times, Buffer.from(bytes));
}

function brTableOf(entries: number): Buffer {
  return Buffer.concat([Buffer.from([i32Const, 0, brTable, ...leb(entries)]), Buffer.alloc(entries + 1)]);
}

function nested(depth: number): Buffer {
  return Buffer.concat([repeat(block, depth), repeat([end], depth)]);
}

/** A component that holds a component that holds a component. */
function nestedComponents(depth: number): Buffer {
  const header = Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);
  let inner = header;
  for (let level = 0; level < depth; level += 1) inner = Buffer.concat([header, section(4, inner)]);
  return inner;
}

/** Uploads that are meant to hurt whoever compiles them, and the code that each must be refused with. */
export function compileBombs(): readonly (readonly [name: string, bytes: Buffer, code: string])[] {
  const one = [body([nop])];
  return [
    ['a br_table of a million entries', moduleOf([body(brTableOf(1_000_000))]), 'br_table_limit'],
    ['blocks nested 50,000 deep', moduleOf([body(nested(50_000))]), 'nesting_limit'],
    ['four billion locals', moduleOf([body([nop], [1, ...leb(4_294_967_295), i64])]), 'function_locals_limit'],
    [
      'locals that add up to four billion',
      moduleOf([body([nop], [2, ...leb(2_147_483_648), i64, ...leb(2_147_483_648), i64])]),
      'function_locals_limit',
    ],
    [
      'a body of 1.9 MB of calls to itself, too large once it is metered',
      moduleOf([body(repeat([0x10, 0], 950_000))]),
      'function_body_bytes_limit',
    ],
    [
      'five megabytes of data',
      moduleOf(one, section(11, Buffer.concat([Buffer.from([1, 1, ...leb(5_000_000)]), Buffer.alloc(5_000_000)]))),
      'module_bytes_limit',
    ],
    ['a code section that claims to go on', moduleWithCode(section(10, [1, ...body([nop])], 1_000)), 'section_size'],
    ['a body that claims to go on', moduleWithCode(section(10, [1, 100, 0, end])), 'unexpected_end'],
    ['more functions than bodies', moduleWithCode(section(10, [0])), 'malformed'],
    ['four billion bodies', moduleWithCode(section(10, [...leb(4_294_967_295), 2, 0, end])), 'malformed'],
    [
      'an export name that is no UTF-8',
      moduleWithCode(section(10, [1, ...body([nop])]), section(7, [1, 2, 0xc3, 0x28, 0, 0])),
      'invalid_utf8',
    ],
    ['an unknown opcode', moduleOf([body([0xff])]), 'unknown_opcode'],
    [
      'a data initialiser that adds two hundred thousand numbers',
      moduleOf(
        one,
        section(
          11,
          Buffer.concat([
            Buffer.from([1, 0, i32Const, 0]),
            repeat([i32Const, 0, i32Add], 200_000),
            Buffer.from([end, 1, 0]),
          ]),
        ),
      ),
      'malformed',
    ],
    ['components nested 1,000 deep', nestedComponents(1_000), ''],
    ['a component that is empty', nestedComponents(0), ''],
  ];
}

/** Large, but honest: these must build, within the time that a build has. */
export function largeModules(): readonly (readonly [name: string, bytes: Buffer, outcome: Outcome])[] {
  return [
    ['100,000 functions', moduleOf(Array.from({ length: 100_000 }, () => body([nop]))), 'invalid_output'],
    ['blocks nested 900 deep', moduleOf([body(nested(900))]), 'invalid_output'],
    ['a br_table of 60,000 entries', moduleOf([body(brTableOf(60_000))]), 'invalid_output'],
    ['40,000 locals', moduleOf([body([nop], [1, ...leb(40_000), i64])]), 'invalid_output'],
    ['a body of 900 kB of calls to itself', moduleOf([body(repeat([0x10, 0], 450_000))]), 'stack_overflow'],
  ];
}
