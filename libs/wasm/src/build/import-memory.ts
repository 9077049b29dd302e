import { ByteReader } from '../binary/byte-reader.js';
import { ByteWriter } from '../binary/byte-writer.js';
import type { DecodedModule } from '../inspect/decoded-module.js';
import { counterModule } from '../rewrite/counters.js';
import { type MemoryPages, memoryImport } from '../runtime/memory-shelf.js';

const preambleBytes = 8;
const section = { custom: 0, type: 1, import: 2, memory: 5 } as const;
const memoryKind = 2;

/**
 * The declared size of a module's memory when the host can supply that memory instead: its only one, 32-bit and defined
 * by the module itself. Everything else keeps its memories to itself.
 */
export function suppliableMemory({ memories }: DecodedModule): MemoryPages | undefined {
  const [memory] = memories;
  if (memory === undefined || memories.length > 1 || memory.imported || memory.is64) return undefined;
  return { pagesMin: memory.min, ...(memory.max === undefined ? {} : { pagesMax: memory.max }) };
}

/**
 * Turns the only memory of a module into an import with the same limits. Its index stays 0 and exports of it stay
 * exports, so nothing else in the module changes.
 *
 * @param bytes a valid module with one memory of its own and no imported one.
 */
export function importMemory(bytes: Uint8Array, pages: MemoryPages): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(bytes.length + 64);
  out.raw(bytes, 0, preambleBytes);
  const reader = new ByteReader(bytes, preambleBytes);
  let isWritten = false;
  while (reader.pos < reader.end) {
    const head = reader.pos;
    const id = reader.u8();
    const length = reader.u32();
    const start = reader.pos;
    reader.skip(length);
    if (!isWritten && id !== section.custom && id !== section.type) {
      writeImports(out, id === section.import ? new ByteReader(bytes, start, reader.pos) : undefined, pages);
      isWritten = true;
    }
    if (id !== section.import && id !== section.memory) out.raw(bytes, head, reader.pos);
  }
  return out.take();
}

/** @param present the module's own import section, whose entries come first. */
function writeImports(out: ByteWriter, present: ByteReader | undefined, { pagesMin, pagesMax }: MemoryPages): void {
  const body = new ByteWriter(256);
  body.u32((present?.u32() ?? 0) + 1);
  if (present !== undefined) body.raw(present.bytes, present.pos, present.end);
  body.name(counterModule);
  body.name(memoryImport);
  body.list([memoryKind, pagesMax === undefined ? 0 : 1]);
  body.u32(pagesMin);
  if (pagesMax !== undefined) body.u32(pagesMax);
  out.u8(section.import);
  out.u32(body.view().length);
  out.raw(body.view());
}
