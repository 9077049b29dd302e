import { ByteReader } from '../binary/byte-reader.js';

const preambleBytes = 8;

/**
 * Leaves out every custom section of a valid module. Names stay in the artifact's debug part instead of in the code,
 * where they would cost memory in every process and could be written to look like lines of a stack.
 */
export function stripCustomSections(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const kept = new Uint8Array(bytes.length);
  kept.set(bytes.subarray(0, preambleBytes));
  let length = preambleBytes;
  const reader = new ByteReader(bytes, preambleBytes);
  while (reader.pos < reader.end) {
    const head = reader.pos;
    const id = reader.u8();
    reader.skip(reader.u32());
    if (id === 0) continue;
    kept.set(bytes.subarray(head, reader.pos), length);
    length += reader.pos - head;
  }
  return kept.slice(0, length);
}

/**
 * Names a module by its place in the artifact, so that V8 tells the core modules of a component apart in a stack:
 * `wasm://wasm/m3-<hash>`. The name is Tenon's; nothing in it comes from the upload.
 */
export function nameModule(bytes: Uint8Array, ordinal: number): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(`m${ordinal}`);
  // Custom section "name", subsection 0 (the module's name); every length here is below 128, so one byte each.
  const section = [4, ...new TextEncoder().encode('name'), 0, name.length + 1, name.length, ...name];
  const named = new Uint8Array(bytes.length + 2 + section.length);
  named.set(bytes);
  named.set([0, section.length, ...section], bytes.length);
  return named;
}
