import { ByteReader } from '../binary/byte-reader.js';
import { ByteWriter } from '../binary/byte-writer.js';
import { readConstExpression } from '../inspect/const-expression.js';
import type { DecodedModule, SectionSpan } from '../inspect/decoded-module.js';
import { skipGlobalType } from '../inspect/external-types.js';
import { sectionRank } from '../inspect/module-reader.js';
import {
  type ElementListener,
  type GlobalListener,
  readDataSection,
  readElementSection,
} from '../inspect/segment-sections.js';
import type { CodeSections } from './code-sections.js';
import {
  counterExport,
  counterModule,
  counterNames,
  counterTypes,
  sliceInstructions,
  stackBytesDefault,
  unlimited,
} from './counters.js';
import { writeNames } from './name-writer.js';
import { pageBytes, type RewritePlan } from './plan.js';
import type { RewriteOptions } from './rewrite-options.js';

const hintSectionName = 'metadata.code.branch_hint';
const section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
} as const;
const codeId = 10;
const dataId = 11;

/** Puts the rewritten module together, section by section in the order of the original. */
export class ModuleWriter {
  private readonly out: ByteWriter;
  private readonly plan: RewritePlan;
  private readonly module: DecodedModule;
  private readonly code: CodeSections;
  private readonly keepCustom: boolean;
  private readonly fuelInitial: bigint;

  constructor(plan: RewritePlan, code: CodeSections, options: RewriteOptions) {
    this.plan = plan;
    this.module = plan.module;
    this.code = code;
    this.fuelInitial = options.fuelInitial ?? unlimited;
    this.keepCustom = options.customSections !== 'drop';
    this.out = new ByteWriter(plan.module.bytes.length + code.code.length + 4096);
  }

  write(): Uint8Array<ArrayBuffer> {
    const { out, module } = this;
    out.raw(module.bytes, 0, 8);
    const missing = this.missingSections();
    for (const part of module.sections) {
      const rank = sectionRank[part.id];
      while (rank !== undefined && missing.length > 0 && (sectionRank[missing[0] as number] as number) < rank) {
        this.writeSection(missing.shift() as number, undefined);
      }
      if (part.id === section.custom) this.writeCustom(part, missing);
      else this.writeSection(part.id, part);
    }
    for (const id of missing) this.writeSection(id, undefined);
    return out.take();
  }

  /** Sections that the original does not have and the rewritten module needs, in their order. */
  private missingSections(): number[] {
    const present = new Set(this.module.sections.map((part) => part.id));
    const needed: number[] = [section.type, section.function, section.export, codeId];
    needed.push(this.plan.importedCounters ? section.import : section.global);
    return needed
      .filter((id) => !present.has(id))
      .sort((a, b) => (sectionRank[a] as number) - (sectionRank[b] as number));
  }

  /** Hints and names speak of indices and offsets of the original; both are written anew. */
  private writeCustom(part: SectionSpan, missing: number[]): void {
    if (part.name === hintSectionName) return;
    if (part.name === 'name') {
      // Names stand behind everything else, and some of that may have to be added.
      for (const id of missing.splice(0)) this.writeSection(id, undefined);
      this.writeBody(section.custom, writeNames(this.plan));
    } else if (this.keepCustom) this.out.raw(this.module.bytes, part.head, part.end);
  }

  private writeSection(id: number, part: SectionSpan | undefined): void {
    if (id === section.start) return;
    if (id === codeId) this.writeHints();
    const body = new ByteWriter(256);
    const original = new ByteReader(this.module.bytes, part?.start ?? 0, part?.end ?? 0);
    if (id === section.type) this.writeTypes(body, original);
    else if (id === section.import) this.writeImports(body, original);
    else if (id === section.function) this.writeFunctions(body);
    else if (id === section.memory) this.writeMemories(body, original);
    else if (id === section.global) this.writeGlobals(body, original);
    else if (id === section.export) this.writeExports(body, original);
    else if (id === codeId) {
      this.writeBody(id, this.code.code);
      return;
    } else if (
      (id === dataId && this.plan.globalShift > 0) ||
      (id === section.element && (this.plan.globalShift > 0 || this.plan.privateTables.size > 0))
    )
      this.writeSegments(id, body, original);
    else {
      this.out.raw(this.module.bytes, part?.head ?? 0, part?.end ?? 0);
      return;
    }
    this.writeBody(id, body.view());
  }

  private writeBody(id: number, body: Uint8Array): void {
    this.out.u8(id);
    this.out.u32(body.length);
    this.out.raw(body);
  }

  private writeHints(): void {
    if (this.code.hints.length <= 1) return;
    const body = new ByteWriter(this.code.hints.length + 64);
    body.name(hintSectionName);
    body.raw(this.code.hints);
    this.writeBody(section.custom, body.view());
  }

  private writeTypes(body: ByteWriter, original: ByteReader): void {
    const { types } = this.plan;
    this.copyVector(body, original, types.count);
    body.raw(types.writer.bytes, 0, types.writer.pos);
  }

  private writeImports(body: ByteWriter, original: ByteReader): void {
    const added = this.plan.importedCounters ? counterNames : [];
    this.copyVector(body, original, added.length);
    for (const name of added) {
      body.name(counterModule);
      body.name(name);
      body.list([3, counterTypes[name], 1]);
    }
  }

  /** Copies a vector and announces `added` more entries. */
  private copyVector(body: ByteWriter, original: ByteReader, added: number): void {
    const count = original.pos < original.end ? original.u32() : 0;
    body.u32(count + added);
    body.raw(original.bytes, original.pos, original.end);
  }

  private writeFunctions(body: ByteWriter): void {
    body.u32(this.code.types.length);
    for (const type of this.code.types) body.u32(type);
  }

  /** The ceiling is written into memories of the module's own; lowering an import's maximum would break linking. */
  private writeMemories(body: ByteWriter, original: ByteReader): void {
    const { memoryBytesMax } = this.plan;
    const own = this.module.memories.filter((memory) => !memory.imported);
    if (memoryBytesMax === undefined) {
      body.raw(original.bytes, original.pos, original.end);
      return;
    }
    const pagesMax = Math.floor(memoryBytesMax / pageBytes);
    body.u32(own.length);
    for (const memory of own) {
      body.u8(memory.is64 ? 5 : 1);
      body.u53(memory.min);
      body.u53(Math.min(memory.max ?? pagesMax, pagesMax));
    }
  }

  private writeGlobals(body: ByteWriter, original: ByteReader): void {
    const { plan } = this;
    const own = plan.importedCounters ? [] : counterNames;
    const count = original.pos < original.end ? original.u32() : 0;
    body.u32(count + own.length);
    this.copyWithGlobals(body, original, (onGlobal) => {
      for (let at = 0; at < count; at++) {
        skipGlobalType(original, this.module);
        readConstExpression(original, this.module, onGlobal);
      }
    });
    const initial: Readonly<Record<string, bigint>> = {
      reserve: this.fuelInitial - (this.fuelInitial % BigInt(sliceInstructions)),
      memory: BigInt(plan.memoryBytesInitial),
      memoryMax: plan.memoryBytesMax === undefined ? unlimited : BigInt(plan.memoryBytesMax),
      depth: BigInt(stackBytesDefault),
      stack: BigInt(stackBytesDefault),
    };
    for (const name of own) {
      body.list([counterTypes[name], 1, counterTypes[name] === 0x7e ? 0x42 : 0x41]);
      body.s64(initial[name] ?? 0n);
      body.u8(0x0b);
    }
  }

  private writeExports(body: ByteWriter, original: ByteReader): void {
    const { plan, module } = this;
    const own = plan.importedCounters ? [] : counterNames;
    const hasStart = module.start !== undefined;
    const count = original.pos < original.end ? original.u32() : 0;
    body.u32(count + own.length + (hasStart ? 1 : 0));
    // Exports of globals are the only ones whose index can change.
    const entriesStart = original.pos;
    if (plan.globalShift === 0) body.raw(original.bytes, entriesStart, original.end);
    else for (const { name, kind, index } of module.exports) this.writeExport(body, name, kind, index);
    for (const name of own) {
      body.name(counterExport(name));
      body.u8(3);
      body.u32(plan.counter(name));
    }
    if (!hasStart) return;
    body.name(counterExport('start'));
    body.u8(0);
    body.u32(plan.helper('start'));
  }

  private writeExport(body: ByteWriter, name: string, kind: string, index: number): void {
    body.name(name);
    body.u8(['function', 'table', 'memory', 'global', 'tag'].indexOf(kind));
    body.u32(kind === 'global' ? this.plan.global(index) : index);
  }

  private writeSegments(id: number, body: ByteWriter, original: ByteReader): void {
    this.copyWithGlobals(body, original, (onGlobal, onElement) => {
      if (id === section.element) readElementSection(original, this.module, onGlobal, onElement);
      else readDataSection(original, this.module, onGlobal);
    });
  }

  /** Copies what `read` steps over, with the indices of globals shifted and what private tables hold exchanged. */
  private copyWithGlobals(
    body: ByteWriter,
    original: ByteReader,
    read: (onGlobal: GlobalListener, onElement: ElementListener) => void,
  ): void {
    const { plan } = this;
    let from = original.pos;
    const replace = (index: number, start: number, end: number): void => {
      body.raw(original.bytes, from, start);
      body.u32(index);
      from = end;
    };
    read(
      (index, start, end) => replace(plan.global(index), start, end),
      (table, index, start, end) => {
        if (plan.privateTables.has(table)) replace(plan.elementIndex.get(index) ?? index, start, end);
      },
    );
    body.raw(original.bytes, from, original.end);
  }
}
