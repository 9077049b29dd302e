import { immediate as imm } from '../binary/immediates.js';

/** Array operators that move a number of elements that is only known when they run. */
export function isArrayBulk(sub: number): boolean {
  return sub === 6 || sub === 7 || sub === 9 || sub === 10 || (sub >= 16 && sub <= 19);
}

/** A copy's length has the index type of the smaller address space: the helper of that memory or table takes it. */
export function copyLengthOwner(to: number, from: number, all: readonly { readonly is64: boolean }[]): number {
  return all[to]?.is64 === true && all[from]?.is64 === false ? from : to;
}

/** Operators that Wasmtime's fuel rule does not count. */
export function isFree(slot: number): boolean {
  return slot <= 0x05 ? slot !== 0x04 : slot === 0x0b || slot === 0x0f || slot === 0x1a;
}

/** Operators whose cost or successor is not the same each time. */
export function isFlow(slot: number, kind: number): boolean {
  if (kind === imm.memory) return slot !== 0x3f;
  if (kind === imm.table) return slot >= 256;
  if (kind === imm.memoryInit || kind === imm.memoryCopy || kind === imm.tableInit || kind === imm.tableCopy)
    return true;
  if (kind >= imm.type && kind <= imm.typeType) return isArrayBulk(slot - 256);
  return kind !== imm.dataIndex && kind !== imm.elementIndex;
}
