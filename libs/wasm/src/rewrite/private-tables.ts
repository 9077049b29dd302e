import type { DecodedModule } from '../inspect/decoded-module.js';

/** What a table of functions is written as; a reference type with an index could not hold functions of other types. */
const functionReference = 0x70;

/**
 * Tables that nobody but indirect calls of the module can look into: what is in them may have another type as long as
 * all of their callers expect it. Two types that were the same stay the same, and two that differed still differ, so an
 * indirect call fails exactly when it failed before.
 */
export function privateTables(module: DecodedModule): Set<number> {
  const { tableUse, tables } = module;
  const found = new Set<number>();
  // A segment also declares what references may be taken to.
  if (tableUse.takesReferences) return found;
  for (const [index, table] of tables.entries()) {
    const plain = module.bytes[table.elementType.start] === functionReference;
    if (plain && !table.imported && !table.is64 && !tableUse.open.has(index)) found.add(index);
  }
  for (const { table, functions } of tableUse.segments) {
    if (!functions.every((index) => isPlain(module, module.functionTypes[index]))) found.delete(table);
  }
  for (const [table, types] of tableUse.calledAs) {
    for (const type of types) if (!isPlain(module, type)) found.delete(table);
  }
  return found;
}

function isPlain(module: DecodedModule, type: number | undefined): boolean {
  return type !== undefined && module.types[type]?.plain === true;
}
