import type { ByteReader } from '../binary/byte-reader.js';
import type { ByteWriter } from '../binary/byte-writer.js';

/** Copies the operator that starts at `start` and has just been read. */
export function copyOperator(reader: ByteReader, out: ByteWriter, start: number): void {
  const { bytes, pos } = reader;
  if (pos - start > 200) out.reserve(pos - start + 64);
  if (pos - start > 40) {
    out.raw(bytes, start, pos);
    return;
  }
  for (let at = start; at < pos; at++) out.bytes[out.pos++] = bytes[at] as number;
}

/** Steps over the alignment, the memory and the offset of a load or store. */
export function skipMemarg(reader: ByteReader): void {
  if (reader.u32() & 0x40) reader.u32();
  reader.skipLeb(10);
}

export function skipValueType(reader: ByteReader): void {
  const byte = reader.u8();
  if (byte === 0x63 || byte === 0x64) reader.s33();
}
