import { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';

const preambleBytes = 8;
const nameBytesMax = 1_000;

/**
 * The content of the first custom section with that name at the top level of a core module or a component; undefined
 * where there is none. It reads nothing but the heads of sections, so it says nothing about whether the rest is valid.
 */
export function customSection(bytes: Uint8Array, name: string): Uint8Array | undefined {
  try {
    const reader = new ByteReader(bytes, preambleBytes);
    while (reader.pos < reader.end) {
      const id = reader.u8();
      const size = reader.u32();
      const start = reader.pos;
      reader.skip(size);
      if (id !== 0) continue;
      const inside = new ByteReader(bytes, start, start + size);
      if (inside.name(nameBytesMax) === name) return bytes.subarray(inside.pos, start + size);
    }
    return undefined;
  } catch (error) {
    if (error instanceof WasmError) return undefined;
    throw error;
  }
}
