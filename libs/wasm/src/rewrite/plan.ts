import { WasmError } from '../binary/wasm-error.js';
import { bodyFlag, type DecodedModule } from '../inspect/decoded-module.js';
import { type CounterName, counterNames } from './counters.js';
import type { RewriteOptions } from './rewrite-options.js';
import { TypeTable } from './type-table.js';

/** A table slot is taken as one pointer on a 64-bit machine, which is what V8 keeps per element at least. */
export const tableElementBytes = 8;
export const pageBytes = 65_536;

/** Kinds of helper functions; each kind is generated at most once per memory, table or element size. */
export type HelperKind =
  | 'slow'
  | 'overflow'
  | 'memoryGrow'
  | 'memoryBulk'
  | 'memoryInit'
  | 'tableGrow'
  | 'tableBulk'
  | 'tableInit'
  | 'arrayBulk'
  | 'start';

export interface Helper {
  readonly kind: HelperKind;
  /** Memory index, table index or element shift. */
  readonly subject: number;
  readonly index: number;
}

/**
 * Every decision about a module, made before any code is written: which function is metered how, and which index
 * everything new will have. Original indices of functions, types, tables, memories, tags and segments stay valid.
 */
export class RewritePlan {
  readonly module: DecodedModule;
  readonly types: TypeTable;
  readonly importedCounters: boolean;
  /** Added to the indices of globals that the module defines itself. */
  readonly globalShift: number;
  readonly firstCounter: number;
  /** By function index: where the inner function is, or -1 when only the original signature can be called. */
  readonly innerIndex: Int32Array;
  /** By defined function: 1 when an entry with the original signature stands at the original index. */
  readonly wrapped: Uint8Array;
  readonly helpers: Helper[] = [];
  readonly memoryBytesInitial: number;
  readonly memoryBytesMax: number | undefined;
  private readonly helperIndex = new Map<string, number>();
  private nextFunction: number;

  constructor(module: DecodedModule, options: RewriteOptions) {
    this.module = module;
    this.types = new TypeTable(module);
    this.importedCounters = options.counters === 'imported';
    this.globalShift = this.importedCounters ? counterNames.length : 0;
    this.firstCounter = this.importedCounters ? module.importedGlobals : module.globalCount;
    this.nextFunction = module.functionTypes.length;
    this.innerIndex = new Int32Array(module.functionTypes.length).fill(-1);
    this.wrapped = new Uint8Array(module.bodyStarts.length);
    this.memoryBytesInitial = initialBytes(module);
    this.memoryBytesMax = options.memoryBytesMax;
    this.checkMemory();
    this.planBodies();
    this.planHelpers();
  }

  counter(name: CounterName): number {
    return this.firstCounter + counterNames.indexOf(name);
  }

  global(index: number): number {
    return index < this.module.importedGlobals ? index : index + this.globalShift;
  }

  helper(kind: HelperKind, subject = 0): number {
    return this.helperIndex.get(`${kind} ${subject}`) ?? -1;
  }

  /** True when the function keeps its signature, because a tail call in it has to stay one. */
  isOuter(defined: number): boolean {
    return ((this.module.bodyFlags[defined] as number) & bodyFlag.tailCalls) !== 0;
  }

  private planBodies(): void {
    const { module } = this;
    const anyTailCalls = module.bodyFlags.some((flags) => (flags & bodyFlag.tailCalls) !== 0);
    for (let at = 0; at < module.bodyStarts.length; at++) {
      if (this.isOuter(at)) continue;
      const index = module.importedFunctions + at;
      // A tail call may name any function, and takes the entry with the original signature.
      if (module.escaping.has(index) || module.start === index || anyTailCalls) {
        this.wrapped[at] = 1;
        this.innerIndex[index] = this.nextFunction++;
      } else {
        this.innerIndex[index] = index;
      }
    }
  }

  private planHelpers(): void {
    const { helpers, start } = this.module;
    this.addHelper('slow', 0);
    this.addHelper('overflow', 0);
    for (const memory of helpers.memoryGrow) this.addHelper('memoryGrow', memory);
    for (const memory of helpers.memoryBulk) this.addHelper('memoryBulk', memory);
    for (const memory of helpers.memoryInit) this.addHelper('memoryInit', memory);
    for (const table of helpers.tableGrow) this.addHelper('tableGrow', table);
    for (const table of helpers.tableBulk) this.addHelper('tableBulk', table);
    for (const table of helpers.tableInit) this.addHelper('tableInit', table);
    for (const shift of helpers.arrayBulk) this.addHelper('arrayBulk', shift);
    if (start !== undefined) this.addHelper('start', start);
  }

  private addHelper(kind: HelperKind, subject: number): void {
    const index = this.nextFunction++;
    this.helpers.push({ kind, subject, index });
    this.helperIndex.set(`${kind} ${kind === 'start' ? 0 : subject}`, index);
  }

  private checkMemory(): void {
    if (this.memoryBytesMax === undefined || this.memoryBytesInitial <= this.memoryBytesMax) return;
    throw new WasmError('memory_limit', 'The module starts with more memory than it may ever have.', {
      section: 'memory',
      found: `${this.memoryBytesInitial} bytes`,
      allowed: `${this.memoryBytesMax} bytes`,
    });
  }
}

function initialBytes(module: DecodedModule): number {
  let bytes = 0;
  for (const memory of module.memories) if (!memory.imported) bytes += memory.min * pageBytes;
  for (const table of module.tables) if (!table.imported) bytes += table.min * tableElementBytes;
  return bytes;
}
