import { WasmError } from '../binary/wasm-error.js';
import { frameFixedBytes } from '../inspect/code-section.js';
import { bodyFlag, type DecodedModule } from '../inspect/decoded-module.js';
import { type CounterName, counterNames } from './counters.js';
import { privateTables } from './private-tables.js';
import type { RewriteOptions } from './rewrite-options.js';
import { chooseShape, type Shape, shape, takesDepth, uncheckedCalleeMax, uncountedBytesMax } from './shapes.js';
import { stackNeeds } from './stack-needs.js';
import { TypeTable } from './type-table.js';

/** A table slot is taken as one pointer on a 64-bit machine, which is what V8 keeps per element at least. */
export const tableElementBytes = 8;
export const pageBytes = 65_536;

/** Kinds of helper functions; each kind is generated at most once per memory, table or element size. */
export type HelperKind =
  | 'slow'
  | 'refill'
  | 'exhausted'
  | 'ask'
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
  readonly privateTables: ReadonlySet<number>;
  /** By function index: what a private table holds instead of the function. */
  readonly elementIndex = new Map<number, number>();
  /** Functions that stand in private tables for others: their original index and their own. */
  readonly standIns: { readonly original: number; readonly index: number }[] = [];
  /** The most that an indirect call through a private table may run through without a check. */
  indirectUnchecked = 0;
  /** By defined function: 1 when an entry with the original signature stands at the original index. */
  readonly wrapped: Uint8Array;
  private readonly shapes: Uint8Array;
  readonly helpers: Helper[] = [];
  readonly memoryBytesInitial: number;
  readonly memoryBytesMax: number | undefined;
  readonly trapsOnOverflow: boolean;
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
    this.privateTables = privateTables(module);
    this.memoryBytesInitial = initialBytes(module);
    this.memoryBytesMax = options.memoryBytesMax;
    this.trapsOnOverflow = options.stackOverflow === 'trap';
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
   * What a leaf may run through without a check of its own, by function index; 0 when it checks as it is entered, which
   * those do that someone from outside may call with nothing left. Loops check in any case.
   */
  uncheckedCost(index: number): number {
    const at = index - this.module.importedFunctions;
    const own = this.shape(index);
    if (this.asksLate(index)) return this.module.bodyOperators[at] as number;
    if ((own !== shape.leaf && own !== shape.slim) || this.wrapped[at] === 1) return 0;
    if ((this.module.bodyFlags[at] as number) & bodyFlag.calls) return 0;
    const operators = this.module.bodyOperators[at] as number;
    return operators <= uncheckedCalleeMax ? operators : 0;
  }

  /**
   * Whether a function asks before its first call and not as it is entered: innermost calls of a recursion then ask for
   * nothing. It must be short, for without calls it runs unasked, and of a small frame, which is then taken unasked.
   */
  asksLate(index: number): boolean {
    const at = index - this.module.importedFunctions;
    if (this.shape(index) !== shape.full || (this.module.bodyFlags[at] as number) & bodyFlag.handlers) return false;
    return (this.module.bodyOperators[at] as number) <= uncheckedCalleeMax && this.frame(at) <= uncountedBytesMax;
  }

  /** Type of a function where it is called from inside. */
  innerType(index: number): number {
    const type = this.module.functionTypes[index] as number;
    const own = this.shape(index);
    return own === shape.outer || own === shape.free ? type : this.types.inner(type, takesDepth(own));
  }

  /** Type of what stands for a function in a private table. */
  elementType(index: number): number {
    return this.types.inner(this.module.functionTypes[index] as number, true);
  }

  private planBodies(): void {
    const { module } = this;
    const { inside, outside } = this.tableMembers();
    const needs = stackNeeds(module, uncountedBytesMax);
    const called = new Set(module.calls.all);
    for (let at = 0; at < module.bodyStarts.length; at++) {
      const index = module.importedFunctions + at;
      const reachable =
        module.escaping.has(index) || outside.has(index) || module.start === index || module.tailCalled.has(index);
      const callers = { outside: reachable, table: inside.has(index), direct: called.has(index) };
      const chosen = chooseShape(module, at, needs[at] as number, callers);
      this.shapes[at] = chosen;
      if (chosen === shape.outer) continue;
      this.innerIndex[index] = reachable ? this.nextFunction++ : index;
      if (reachable) this.wrapped[at] = 1;
    }
    for (const index of inside) this.placeInTable(index);
  }

  /** Functions in private tables, and functions in all others. */
  private tableMembers(): { readonly inside: Set<number>; readonly outside: Set<number> } {
    const [inside, outside] = [new Set<number>(), new Set<number>()];
    for (const { table, functions } of this.module.tableUse.segments) {
      const members = this.privateTables.has(table) ? inside : outside;
      for (const index of functions) members.add(index);
    }
    return { inside, outside };
  }

  /** Functions that are not handed the counters have another one stand in for them. */
  private placeInTable(index: number): void {
    const own = this.shape(index);
    const unchecked = own === shape.free ? this.fixedCost(index) : this.uncheckedCost(index);
    if (unchecked > this.indirectUnchecked) this.indirectUnchecked = unchecked;
    if (takesDepth(own)) {
      this.elementIndex.set(index, this.innerIndex[index] as number);
      return;
    }
    this.elementIndex.set(index, this.nextFunction);
    this.standIns.push({ original: index, index: this.nextFunction++ });
  }

  private planHelpers(): void {
    const { helpers, start } = this.module;
    this.addHelper('slow', 0);
    this.addHelper('refill', 0);
    this.addHelper('exhausted', 0);
    this.addHelper('ask', 0);
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
