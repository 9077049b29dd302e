import type { BuildReport } from '@tenon/contracts';
import { printable } from '../abi/abi-rejection.js';
import type { DecodedModule } from '../inspect/decoded-module.js';
import { sectionNames } from '../inspect/module-reader.js';
import { originOf } from './language.js';
import type { ReportFacts } from './report-facts.js';
import { warningsFor } from './warnings.js';

const pageBytes = 65_536;
const tableElementBytes = 8;
const biggestMax = 10;

/** Lists in a report are for people; a hostile upload must not make one of a million lines. */
const listMax = 500;
const sectionsMax = 200;

/** Sections of the same name are added up, over all core modules. */
function sectionsOf(modules: readonly DecodedModule[]): BuildReport['sections'] {
  const bytesByName = new Map<string, number>();
  for (const { sections } of modules) {
    for (const { id, name, head, end } of sections) {
      const label = id === 0 ? `custom: ${printable(name ?? '')}` : (sectionNames[id] ?? `section ${id}`);
      if (!bytesByName.has(label) && bytesByName.size === sectionsMax) continue;
      bytesByName.set(label, (bytesByName.get(label) ?? 0) + end - head);
    }
  }
  return [...bytesByName].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
}

function biggestOf(module: DecodedModule): BuildReport['biggestFunctions'] {
  const sizes = Array.from(module.bodyStarts, (start, i) => ({
    index: module.importedFunctions + i,
    bytes: (module.bodyEnds[i] ?? start) - start,
  }));
  sizes.sort((a, b) => b.bytes - a.bytes || a.index - b.index);
  return sizes.slice(0, biggestMax).map(({ index, bytes }) => {
    const name = module.functionNames.get(index);
    return name === undefined ? { index, bytes } : { index, name: printable(name), bytes };
  });
}

function memoryInitial(modules: readonly DecodedModule[]): number {
  const of = ({ memories, tables }: DecodedModule): number =>
    memories.reduce((sum, { imported, min }) => sum + (imported ? 0 : min * pageBytes), 0) +
    tables.reduce((sum, { imported, min }) => sum + (imported ? 0 : min * tableElementBytes), 0);
  return modules.reduce((sum, module) => sum + of(module), 0);
}

/** The declared maximum of all memories; none when one of them may grow without end. */
function memoryMax(modules: readonly DecodedModule[]): number | undefined {
  const maxima = modules.flatMap(({ memories }) => memories.filter(({ imported }) => !imported).map(({ max }) => max));
  if (maxima.length === 0 || maxima.includes(undefined)) return undefined;
  const bytes = maxima.reduce<number>((sum, max) => sum + (max ?? 0) * pageBytes, 0);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

function faceOf(module: DecodedModule | undefined): Pick<BuildReport, 'imports' | 'exports'> {
  return {
    imports: (module?.imports ?? []).map(({ module: from, name, kind }) => ({
      module: printable(from),
      name: printable(name),
      kind,
    })),
    exports: (module?.exports ?? []).map(({ name, kind }) => ({ name: printable(name), kind })),
  };
}

/** The report that an uploader sees. Names in it come from the upload and are made printable first. */
export function writeReport(facts: ReportFacts): BuildReport {
  const { abi, abiReason, upload, artifactBytes, meteringBytesAdded, modules } = facts;
  const [main] = modules;
  const { imports, exports } = facts.face ?? faceOf(main);
  const memoryBytesInitial = memoryInitial(modules);
  const memoryBytesMax = memoryMax(modules);
  const origins = modules.map(originOf);
  const language = origins.find((origin) => origin.language !== undefined)?.language;
  return {
    abi,
    abiReason,
    moduleBytes: upload.length,
    artifactBytes,
    meteringBytesAdded,
    coreModules: modules.length,
    functions: modules.reduce((sum, { bodyStarts }) => sum + bodyStarts.length, 0),
    sections: sectionsOf(modules),
    biggestFunctions: main === undefined ? [] : biggestOf(main),
    imports: imports.slice(0, listMax),
    exports: exports.slice(0, listMax),
    ...(language === undefined ? {} : { language }),
    toolchain: [...new Set(origins.flatMap(({ toolchain }) => toolchain))].slice(0, listMax),
    features: [...new Set(modules.flatMap(({ features }) => [...features]))].sort(),
    memoryBytesInitial,
    ...(memoryBytesMax === undefined ? {} : { memoryBytesMax }),
    warnings: warningsFor({ ...facts, memoryBytesInitial }),
  };
}
