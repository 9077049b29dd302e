import { type Immediate, immediate as imm } from './immediates.js';

/**
 * Everything the engine knows about single operators, as flat tables indexed by {@link operatorIndex}: one-byte opcodes
 * at 0, then one block of 320 per prefix. Source: the binary format of the WebAssembly 3.0 specification and the legacy
 * exception handling proposal.
 */
const blockSize = 320;
const prefixBase: Readonly<Record<number, number>> = { 251: 256, 252: 256 + blockSize, 253: 256 + 2 * blockSize };
export const operatorSlots = 256 + 3 * blockSize;

/** Zero where no operator is defined, else the immediate plus one. */
export const immediateOf = new Uint8Array(operatorSlots);
/** Operands taken and given, for operators whose count does not depend on a type. */
export const popsOf = new Uint8Array(operatorSlots);
export const pushesOf = new Uint8Array(operatorSlots);
/** Index into {@link featureNames}. */
export const featureOf = new Uint8Array(operatorSlots);

/** Language features by the names of their proposals. MVP is what needs no feature. */
export const featureNames = [
  'mvp',
  'sign-extension',
  'saturating-float-to-int',
  'multi-value',
  'bulk-memory',
  'reference-types',
  'function-references',
  'simd',
  'tail-calls',
  'exceptions',
  'legacy-exceptions',
  'gc',
  'multi-memory',
  'memory64',
  'table64',
  'extended-const',
  'mutable-globals',
] as const;
export type FeatureName = (typeof featureNames)[number];
export const featureIndex = Object.fromEntries(featureNames.map((name, index) => [name, index])) as Readonly<
  Record<FeatureName, number>
>;

/** The slot of a prefixed operator; `undefined` when no operator can have this number. */
export function prefixedOperator(prefix: number, sub: number): number {
  const base = prefixBase[prefix];
  return base === undefined || sub >= blockSize ? -1 : base + sub;
}

function define(slot: number, immediate: Immediate, pops: number, pushes: number, feature: FeatureName = 'mvp'): void {
  immediateOf[slot] = immediate + 1;
  popsOf[slot] = pops;
  pushesOf[slot] = pushes;
  featureOf[slot] = featureIndex[feature];
}

function defineRange(from: number, to: number, pops: number, pushes: number, feature: FeatureName = 'mvp'): void {
  for (let slot = from; slot <= to; slot++) define(slot, imm.none, pops, pushes, feature);
}

function defineControl(): void {
  define(0x00, imm.unreachable, 0, 0);
  define(0x01, imm.none, 0, 0);
  define(0x02, imm.block, 0, 0);
  define(0x03, imm.block, 0, 0);
  define(0x04, imm.block, 1, 0);
  define(0x05, imm.else, 0, 0);
  define(0x06, imm.block, 0, 0, 'legacy-exceptions');
  define(0x07, imm.catch, 0, 0, 'legacy-exceptions');
  define(0x08, imm.tag, 0, 0, 'exceptions');
  define(0x09, imm.rethrow, 0, 0, 'legacy-exceptions');
  define(0x0a, imm.throwRef, 1, 0, 'exceptions');
  define(0x0b, imm.end, 0, 0);
  define(0x0c, imm.label, 0, 0);
  define(0x0d, imm.label, 1, 0);
  define(0x0e, imm.brTable, 1, 0);
  define(0x0f, imm.return, 0, 0);
  define(0x10, imm.call, 0, 0);
  define(0x11, imm.callIndirect, 1, 0);
  define(0x12, imm.call, 0, 0, 'tail-calls');
  define(0x13, imm.callIndirect, 1, 0, 'tail-calls');
  define(0x14, imm.callRef, 1, 0, 'function-references');
  define(0x15, imm.callRef, 1, 0, 'tail-calls');
  define(0x18, imm.delegate, 0, 0, 'legacy-exceptions');
  define(0x19, imm.catchAll, 0, 0, 'legacy-exceptions');
  define(0x1f, imm.tryTable, 0, 0, 'exceptions');
}

function defineVariables(): void {
  define(0x1a, imm.none, 1, 0);
  define(0x1b, imm.none, 3, 1);
  define(0x1c, imm.selectTypes, 3, 1, 'reference-types');
  define(0x20, imm.local, 0, 1);
  define(0x21, imm.local, 1, 0);
  define(0x22, imm.local, 1, 1);
  define(0x23, imm.global, 0, 1);
  define(0x24, imm.global, 1, 0);
  define(0x25, imm.table, 1, 1, 'reference-types');
  define(0x26, imm.table, 2, 0, 'reference-types');
}

function defineMemoryAndNumbers(): void {
  for (let slot = 0x28; slot <= 0x35; slot++) define(slot, imm.memarg, 1, 1);
  for (let slot = 0x36; slot <= 0x3e; slot++) define(slot, imm.memarg, 2, 0);
  define(0x3f, imm.memory, 0, 1);
  define(0x40, imm.memory, 1, 1);
  define(0x41, imm.const32, 0, 1);
  define(0x42, imm.const64, 0, 1);
  define(0x43, imm.bytes4, 0, 1);
  define(0x44, imm.bytes8, 0, 1);
  const binary = [
    [0x46, 0x4f],
    [0x51, 0x5a],
    [0x5b, 0x66],
    [0x6a, 0x78],
    [0x7c, 0x8a],
    [0x92, 0x98],
    [0xa0, 0xa6],
  ] as const;
  defineRange(0x45, 0xbf, 1, 1);
  for (const [from, to] of binary) defineRange(from, to, 2, 1);
  defineRange(0xc0, 0xc4, 1, 1, 'sign-extension');
}

function defineReferences(): void {
  define(0xd0, imm.heapType, 0, 1, 'reference-types');
  define(0xd1, imm.none, 1, 1, 'reference-types');
  define(0xd2, imm.refFunc, 0, 1, 'reference-types');
  define(0xd3, imm.none, 2, 1, 'gc');
  define(0xd4, imm.none, 1, 1, 'function-references');
  define(0xd5, imm.label, 1, 1, 'function-references');
  define(0xd6, imm.label, 1, 0, 'function-references');
}

function defineGc(): void {
  const at = (sub: number): number => prefixedOperator(0xfb, sub);
  const gc = (sub: number, immediate: Immediate, pops: number, pushes: number): void =>
    define(at(sub), immediate, pops, pushes, 'gc');
  gc(0, imm.type, 0, 1);
  gc(1, imm.type, 0, 1);
  for (const sub of [2, 3, 4]) gc(sub, imm.typeField, 1, 1);
  gc(5, imm.typeField, 2, 0);
  gc(6, imm.type, 2, 1);
  gc(7, imm.type, 1, 1);
  gc(8, imm.arrayFixed, 0, 1);
  gc(9, imm.typeData, 2, 1);
  gc(10, imm.typeElement, 2, 1);
  for (const sub of [11, 12, 13]) gc(sub, imm.type, 2, 1);
  gc(14, imm.type, 3, 0);
  gc(15, imm.none, 1, 1);
  gc(16, imm.type, 4, 0);
  gc(17, imm.typeType, 5, 0);
  gc(18, imm.typeData, 4, 0);
  gc(19, imm.typeElement, 4, 0);
  for (const sub of [20, 21, 22, 23]) gc(sub, imm.heapType, 1, 1);
  gc(24, imm.branchCast, 1, 1);
  gc(25, imm.branchCast, 1, 1);
  for (const sub of [26, 27, 28, 29, 30]) gc(sub, imm.none, 1, 1);
}

function defineBulk(): void {
  const at = (sub: number): number => prefixedOperator(0xfc, sub);
  defineRange(at(0), at(7), 1, 1, 'saturating-float-to-int');
  define(at(8), imm.memoryInit, 3, 0, 'bulk-memory');
  define(at(9), imm.dataIndex, 0, 0, 'bulk-memory');
  define(at(10), imm.memoryCopy, 3, 0, 'bulk-memory');
  define(at(11), imm.memory, 3, 0, 'bulk-memory');
  define(at(12), imm.tableInit, 3, 0, 'bulk-memory');
  define(at(13), imm.elementIndex, 0, 0, 'bulk-memory');
  define(at(14), imm.tableCopy, 3, 0, 'bulk-memory');
  define(at(15), imm.table, 2, 1, 'reference-types');
  define(at(16), imm.table, 0, 1, 'reference-types');
  define(at(17), imm.table, 3, 0, 'reference-types');
}

/** Unary vector operators among 0x60..0xff; the rest of that range is binary, except shifts and the gaps below. */
const simdUnary = new Set([
  0x60, 0x61, 0x62, 0x63, 0x64, 0x67, 0x68, 0x69, 0x6a, 0x74, 0x75, 0x7a, 0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x83,
  0x84, 0x87, 0x88, 0x89, 0x8a, 0x94, 0xa0, 0xa1, 0xa3, 0xa4, 0xa7, 0xa8, 0xa9, 0xaa, 0xc0, 0xc1, 0xc3, 0xc4, 0xc7,
  0xc8, 0xc9, 0xca, 0xe0, 0xe1, 0xe3, 0xec, 0xed, 0xef, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, 0x5e, 0x5f,
]);
/** Numbers that no SIMD operator has. */
const simdGaps = new Set([
  0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2,
  0xee,
]);

function defineSimd(): void {
  const simd = (sub: number, immediate: Immediate, pops: number, pushes: number): void =>
    define(prefixedOperator(0xfd, sub), immediate, pops, pushes, 'simd');
  for (let sub = 0; sub <= 10; sub++) simd(sub, imm.memarg, 1, 1);
  simd(11, imm.memarg, 2, 0);
  simd(12, imm.bytes16, 0, 1);
  simd(13, imm.bytes16, 2, 1);
  simd(14, imm.none, 2, 1);
  for (let sub = 15; sub <= 20; sub++) simd(sub, imm.none, 1, 1);
  for (let sub = 21; sub <= 34; sub++) simd(sub, imm.lane, [23, 26, 28, 30, 32, 34].includes(sub) ? 2 : 1, 1);
  for (let sub = 35; sub <= 76; sub++) simd(sub, imm.none, 2, 1);
  simd(77, imm.none, 1, 1);
  for (let sub = 78; sub <= 81; sub++) simd(sub, imm.none, 2, 1);
  simd(82, imm.none, 3, 1);
  simd(83, imm.none, 1, 1);
  for (let sub = 84; sub <= 87; sub++) simd(sub, imm.memargLane, 2, 1);
  for (let sub = 88; sub <= 91; sub++) simd(sub, imm.memargLane, 2, 0);
  for (let sub = 92; sub <= 93; sub++) simd(sub, imm.memarg, 1, 1);
  for (let sub = 94; sub <= 255; sub++) if (!simdGaps.has(sub)) simd(sub, imm.none, simdUnary.has(sub) ? 1 : 2, 1);
}

defineControl();
defineVariables();
defineMemoryAndNumbers();
defineReferences();
defineGc();
defineBulk();
defineSimd();

/** Operators of refused proposals, so that the refusal can say which proposal it was. */
export function refusedProposal(prefix: number, sub: number): string | undefined {
  if (prefix === 0xfe) return 'threads (atomic operators)';
  if (prefix === 0xfd && sub >= 0x100 && sub <= 0x12f) return 'relaxed SIMD (its results differ between processors)';
  if (prefix === 0xfb && sub >= 0x80) return 'string references';
  if (prefix >= 0xe0 && prefix <= 0xe6) return 'stack switching';
  if (prefix === 0xfc && sub >= 19 && sub <= 22) return 'wide arithmetic';
  return undefined;
}
