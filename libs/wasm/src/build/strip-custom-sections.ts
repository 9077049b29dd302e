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
