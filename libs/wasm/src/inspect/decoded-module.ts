import type { ModuleLimits } from './module-limits.js';

/** A half-open range of bytes in the module. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export const typeKind = { func: 0, struct: 1, array: 2 } as const;

/**
 * One entry of the type index space. Parameter and result lists are kept as the bytes they were written in, so that
 * the rewriter can repeat them without understanding each type.
 */
export interface DecodedType {
  readonly kind: number;
  readonly paramCount: number;
  readonly resultCount: number;
  /** Bytes of the parameter types (functions), fields (structs) or the element type (arrays), without the count. */
  readonly params: Span;
  readonly results: Span;
  /** Log2 of the bytes of an array's element. */
  readonly elementShift: number;
  /** Functions: 16 per vector and 8 per any other parameter, as in a frame. Structs: the bytes of their fields. */
  readonly paramBytes: number;
  readonly hasVector: boolean;
  /** A function type that stands alone and has no subtypes: what it looks like is all that tells it from others. */
  readonly plain: boolean;
}

export interface DecodedImport {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  readonly type: string;
}

export interface DecodedExport {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

export const externalKinds = ['function', 'table', 'memory', 'global', 'tag'] as const;
export type ExternalKind = (typeof externalKinds)[number];

/** Limits of a memory (in pages of 65,536 bytes) or a table (in elements). */
export interface DecodedLimits {
  readonly min: number;
  readonly max: number | undefined;
  readonly is64: boolean;
  readonly imported: boolean;
  /** Where the limits are written, for the clamp. */
  readonly span: Span;
}

export interface DecodedTable extends DecodedLimits {
  readonly elementType: Span;
}

export interface SectionSpan extends Span {
  readonly id: number;
  /** Start of the section including its id and size. */
  readonly head: number;
  readonly name: string | undefined;
}

/** Properties of a function body that decide how it is metered. */
export const bodyFlag = {
  calls: 1,
  loops: 2,
  handlers: 4,
  tailCalls: 8,
  branchesToEnd: 16,
  vectors: 32,
  throws: 64,
  callsIndirect: 128,
  /** Calls what only a reference names. */
  callsReference: 256,
} as const;

/** What is known of a loop before its code is written anew. */
export const loopNote = { tight: 1, manyWaysBack: 2, wayBack: 4, turnsInIf: 8 } as const;

/** One note per loop of the code section, in the order in which the loops start. */
export class LoopNotes {
  private notes = new Uint8Array(256);
  private count = 0;
  private taken = 0;

  /** Makes room for one more loop, which is tight and has no way back so far. @returns its number. */
  add(): number {
    if (this.count === this.notes.length) {
      const larger = new Uint8Array(this.count * 2);
      larger.set(this.notes);
      this.notes = larger;
    }
    this.notes[this.count] = loopNote.tight;
    return this.count++;
  }

  /** Notes a call or a loop inside. */
  loosen(loop: number): void {
    this.notes[loop] = (this.notes[loop] as number) & ~loopNote.tight;
  }

  /** Notes a branch to the start; with `plain` it is a `br` or a `br_if`. */
  goesBack(loop: number, plain: boolean): void {
    const before = this.notes[loop] as number;
    this.notes[loop] = before | (plain && (before & loopNote.wayBack) === 0 ? loopNote.wayBack : loopNote.manyWaysBack);
  }

  /** Notes that the loop goes round in an `if`, which is the first block in it, and ends behind it. */
  turnsInIf(loop: number): void {
    this.notes[loop] = (this.notes[loop] as number) | loopNote.turnsInIf;
  }

  /** Starts over for a second walk over the code. */
  rewind(): void {
    this.taken = 0;
  }

  /** How many notes have been taken; set it back to walk over the same code again. */
  get position(): number {
    return this.taken;
  }

  set position(taken: number) {
    this.taken = taken;
  }

  /** The note of the next loop in order. */
  take(): number {
    return this.notes[this.taken++] as number;
  }
}

/** What an active element segment puts into a table. */
export interface ActiveElements {
  readonly table: number;
  readonly functions: readonly number[];
}

/** How the code and the segments of a module use its tables. */
export class TableUse {
  readonly segments: ActiveElements[] = [];
  /** Tables that are used in another way than by indirect calls and by segments of plain functions. */
  readonly open = new Set<number>();
  /** By table: the types that indirect calls through it expect. */
  readonly calledAs = new Map<number, Set<number>>();
  /** Whether code takes references to functions, which segments may have to declare. */
  takesReferences = false;

  called(table: number, type: number): void {
    const types = this.calledAs.get(table);
    if (types === undefined) this.calledAs.set(table, new Set([type]));
    else types.add(type);
  }
}

/** Which functions the bodies call by name, body after body. */
export class CallGraph {
  private callees = new Uint32Array(1024);
  private count = 0;
  /** By defined function: where the calls of its body end; they start where those of the body before end. */
  private ends = new Uint32Array(0);

  /** @param bodies how many bodies there will be. */
  expect(bodies: number): void {
    this.ends = new Uint32Array(bodies);
  }

  add(callee: number): void {
    if (this.count === this.callees.length) {
      const larger = new Uint32Array(this.count * 2);
      larger.set(this.callees);
      this.callees = larger;
    }
    this.callees[this.count++] = callee;
  }

  endBody(body: number): void {
    this.ends[body] = this.count;
  }

  /** The functions that a body calls, as often as it calls them. */
  of(body: number): Uint32Array {
    return this.callees.subarray(body === 0 ? 0 : this.ends[body - 1], this.ends[body]);
  }

  /** All calls of the module. */
  get all(): Uint32Array {
    return this.callees.subarray(0, this.count);
  }
}

/** Runtime helpers that bodies need; one bit each per memory or table index where they are specific. */
export interface HelperUse {
  readonly memoryGrow: Set<number>;
  readonly memoryBulk: Set<number>;
  /** The length of an init has 32 bits even where the memory is addressed with 64. */
  readonly memoryInit: Set<number>;
  readonly tableGrow: Set<number>;
  readonly tableBulk: Set<number>;
  readonly tableInit: Set<number>;
  readonly arrayBulk: Set<number>;
  /** Some operator costs a fixed amount more than its 1: subject 0 when there is one. */
  readonly surcharge: Set<number>;
}

/** A module after every check of ours, in the form that both the inspection and the rewriter read. */
export class DecodedModule {
  readonly bytes: Uint8Array;
  readonly limits: ModuleLimits;
  readonly sections: SectionSpan[] = [];
  readonly types: DecodedType[] = [];
  readonly imports: DecodedImport[] = [];
  readonly exports: DecodedExport[] = [];
  /** Type index by function index, imports first. */
  functionTypes: number[] = [];
  importedFunctions = 0;
  importedGlobals = 0;
  globalCount = 0;
  readonly globalTypes: string[] = [];
  readonly tables: DecodedTable[] = [];
  readonly memories: DecodedLimits[] = [];
  readonly tagTypes: number[] = [];
  importedTags = 0;
  start: number | undefined;
  elementSegments = 0;
  declaredDataSegments: number | undefined;
  dataSegments = 0;
  dataBytes = 0;
  /** Bytes of the objects that constant expressions make when the module is instantiated. */
  constantBytes = 0;
  /** Locals of all bodies, parameters not included. */
  localsDeclared = 0;
  /** Functions that code outside the module, or references, can reach; without the functions of active segments. */
  readonly escaping = new Set<number>();
  readonly tableUse = new TableUse();
  readonly calls = new CallGraph();
  readonly features = new Set<string>();
  /** By defined function: the body's bytes, its flags, its locals (with parameters) and its frame. */
  bodyStarts = new Uint32Array(0);
  bodyEnds = new Uint32Array(0);
  bodyFlags = new Uint16Array(0);
  bodyLocals = new Uint32Array(0);
  frameBytes = new Uint32Array(0);
  /** What one run costs, for bodies without any control flow, calls or bulk operators; 0 for all others. */
  fixedCosts = new Uint32Array(0);
  /** By defined function: 1 for entering, and 1 for every operator that is not free, whether it can be reached or not. */
  bodyOperators = new Uint32Array(0);
  /** Functions that a tail call names: it can only call them by their original signature. */
  readonly tailCalled = new Set<number>();
  readonly helpers: HelperUse = {
    memoryGrow: new Set(),
    memoryBulk: new Set(),
    memoryInit: new Set(),
    tableGrow: new Set(),
    tableBulk: new Set(),
    tableInit: new Set(),
    arrayBulk: new Set(),
    surcharge: new Set(),
  };
  readonly loops = new LoopNotes();
  /** Where the new encoding of exceptions is first used, in code or in a type. */
  exnrefOffset: number | undefined;
  moduleName: string | undefined;
  functionNames: Map<number, string> = new Map();

  constructor(bytes: Uint8Array, limits: ModuleLimits) {
    this.bytes = bytes;
    this.limits = limits;
  }
}
