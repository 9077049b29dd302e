import { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import type { DecodedModule } from './decoded-module.js';

/**
 * Reads the module's and the functions' names. The section is advice by its specification: when it is garbage, what
 * was read so far is kept and the rest is ignored.
 */
export function readNameSection(section: ByteReader, module: DecodedModule): void {
  try {
    while (section.pos < section.end) {
      const id = section.u8();
      const size = section.u32();
      if (size > section.end - section.pos) return;
      const reader = new ByteReader(section.bytes, section.pos, section.pos + size);
      if (id === 0) module.moduleName = reader.name(module.limits.nameBytesMax);
      if (id === 1) readFunctionNames(reader, module);
      section.pos += size;
    }
  } catch (error) {
    if (!(error instanceof WasmError)) throw error;
  }
}

function readFunctionNames(reader: ByteReader, module: DecodedModule): void {
  const count = reader.u32();
  for (let at = 0; at < count && at < module.limits.functionsMax; at++) {
    const index = reader.u32();
    module.functionNames.set(index, reader.name(module.limits.nameBytesMax));
  }
}
