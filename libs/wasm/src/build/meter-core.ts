import type { DebugInfo } from '../abi/host/backtrace.js';
import type { DecodedModule } from '../inspect/decoded-module.js';
import { RewritePlan } from '../rewrite/plan.js';
import { rewriteModule } from '../rewrite/rewrite.js';
import type { RewriteOptions } from '../rewrite/rewrite-options.js';
import type { MemoryPages } from '../runtime/memory-shelf.js';
import { importMemory, suppliableMemory } from './import-memory.js';
import { nameModule, stripCustomSections } from './strip-custom-sections.js';

/** Names are kept for backtraces; a module with more than this keeps the first, so that they parse in milliseconds. */
const namesMax = 20_000;
const nameCharactersMax = 200;

export interface MeteredCore {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What metering added, custom sections left out of the comparison. */
  readonly bytesAdded: number;
  readonly memoryBytesInitial: number;
  /** The memory that the module asks its host for, where it had one that the host can supply. */
  readonly memory?: MemoryPages;
  readonly debug: DebugInfo['modules'][number];
}

function debugInfo(module: DecodedModule, part: string, options: RewriteOptions): DebugInfo['modules'][number] {
  const appendedFrom = module.functionTypes.length;
  const originals: number[] = [];
  new RewritePlan(module, options).innerIndex.forEach((inner, original) => {
    if (inner >= appendedFrom) originals[inner - appendedFrom] = original;
  });
  const names = [...module.functionNames].slice(0, namesMax);
  return {
    part,
    appendedFrom,
    originals,
    names: Object.fromEntries(names.map(([index, name]) => [String(index), name.slice(0, nameCharactersMax)])),
  };
}

/**
 * Meters one core module for an artifact.
 *
 * @param ordinal its place among the core modules, from 0.
 * @throws WasmError when it can't be metered.
 */
export function meterCore(
  module: DecodedModule,
  part: string,
  ordinal: number,
  counters: 'own' | 'imported',
): MeteredCore {
  // Nothing runs before it was given an account of its own: a forgotten one shows at once.
  const options: RewriteOptions = { counters, customSections: 'drop', fuelInitial: 0n, stackOverflow: 'trap' };
  const { bytes, summary } = rewriteModule(module, options);
  const stripped = stripCustomSections(bytes);
  // A component's glue may hold on to a memory beyond the run, so its modules keep theirs to themselves.
  const memory = counters === 'own' ? suppliableMemory(module) : undefined;
  return {
    bytes: nameModule(memory === undefined ? stripped : importMemory(stripped, memory), ordinal),
    bytesAdded: stripped.length - stripCustomSections(module.bytes).length,
    memoryBytesInitial: summary.memoryBytesInitial,
    ...(memory === undefined ? {} : { memory }),
    debug: debugInfo(module, part, options),
  };
}
