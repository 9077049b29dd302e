import { WasmError } from '../binary/wasm-error.js';
import { frameFixedBytes } from '../inspect/code-section.js';
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
  | 'surcharge'
  | 'start';

export interface Helper {
  readonly kind: HelperKind;
  /** Memory index, table index or element shift. */
  readonly subject: number;
  readonly index: number;
}

/**
 * How a function takes part in metering. `outer` keeps its signature and finds the counters in their globals: tail
 * calls need that to stay tail calls. `full` is handed the stack left and the fuel, and gives the fuel back; `leaf`
 * calls nothing, so it needs no stack; `free` always costs the same, so its caller pays and it is left as it was.
 */
export const shape = { outer: 0, full: 1, leaf: 2, free: 3 } as const;
export type Shape = (typeof shape)[keyof typeof shape];

/** Leaves with larger frames are treated as if they called something, so that their frame is taken off the stack. */
const leafFrameBytesMax = 2_048;
/**
 * What a function may cost that leaves checking to its caller. Calls are small: with a larger number a short caller
 * could ask for very much work between two of its checks.
 */
export const uncheckedCalleeMax = 64;

function chooseShape(module: DecodedModule, at: number, reachable: boolean): Shape {
  const flags = module.bodyFlags[at] as number;
  if (flags & bodyFlag.tailCalls) return shape.outer;
  if (flags & bodyFlag.calls || (module.frameBytes[at] as number) > leafFrameBytesMax) return shape.full;
  const fixed = module.fixedCosts[at] as number;
  if (fixed > 0 && fixed <= uncheckedCalleeMax) return shape.free;
  // Whoever comes from outside may come with nothing left, and only a full function checks when it is entered.
  return reachable ? shape.full : shape.leaf;
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
  private readonly shapes: Uint8Array;
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
    this.shapes = new Uint8Array(module.bodyStarts.length);
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

  /** The shape of a function that can be called from inside, by function index; imports have none of their own. */
  shape(index: number): Shape {
    const at = index - this.module.importedFunctions;
    return at < 0 ? shape.outer : (this.shapes[at] as Shape);
  }

  /** Logical bytes of a function's frame, with the frame of its entry where it has one. */
  frame(at: number): number {
    const frame = this.module.frameBytes[at] as number;
    if (this.wrapped[at] !== 1) return frame;
    const type = this.module.types[this.module.functionTypes[this.module.importedFunctions + at] as number];
    return frame + frameFixedBytes + (type === undefined ? 0 : type.paramBytes + 8 * type.resultCount);
  }

  /** What a function of shape `free` costs its caller, beside the call itself. */
  fixedCost(index: number): number {
    return this.module.fixedCosts[index - this.module.importedFunctions] as number;
  }

  /**
   * What a leaf may run through without a check of its own, by function index; 0 when it checks as it is entered. Loops
   * check in any case.
   */
  uncheckedCost(index: number): number {
    const operators = this.module.bodyOperators[index - this.module.importedFunctions] as number;
    return this.shape(index) === shape.leaf && operators <= uncheckedCalleeMax ? operators : 0;
  }

  /** Type of a function where it is called from inside. */
  innerType(index: number): number {
    const type = this.module.functionTypes[index] as number;
    const own = this.shape(index);
    return own === shape.outer || own === shape.free ? type : this.types.inner(type, own === shape.full);
  }

  private planBodies(): void {
    const { module } = this;
    for (let at = 0; at < module.bodyStarts.length; at++) {
      const index = module.importedFunctions + at;
      const reachable = module.escaping.has(index) || module.start === index || module.tailCalled.has(index);
      const chosen = chooseShape(module, at, reachable);
      this.shapes[at] = chosen;
      if (chosen === shape.outer) continue;
      this.innerIndex[index] = reachable ? this.nextFunction++ : index;
      if (reachable) this.wrapped[at] = 1;
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
    for (const subject of helpers.surcharge) this.addHelper('surcharge', subject);
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
  let bytes = module.constantBytes;
  for (const memory of module.memories) if (!memory.imported) bytes += memory.min * pageBytes;
  for (const table of module.tables) if (!table.imported) bytes += table.min * tableElementBytes;
  return bytes;
}
