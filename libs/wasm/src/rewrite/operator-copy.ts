import type { ByteReader } from '../binary/byte-reader.js';
import type { ByteWriter } from '../binary/byte-writer.js';
import { immediate as imm } from '../binary/immediates.js';

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

/** Steps over what follows an operator that only works on operands. @returns false for operators of other kinds. */
export function skipStraight(reader: ByteReader, kind: number): boolean {
  if (kind === imm.none) return true;
  if (kind === imm.memarg) skipMemarg(reader);
  else if (kind === imm.local || kind === imm.global) reader.u32();
  else if (kind === imm.const32) reader.skipLeb(5);
  else if (kind === imm.const64) reader.skipLeb(10);
  else if (kind === imm.bytes4) reader.skip(4);
  else if (kind === imm.bytes8) reader.skip(8);
  else if (kind === imm.bytes16) reader.skip(16);
  else if (kind === imm.lane) reader.skip(1);
  else if (kind === imm.memargLane) {
    skipMemarg(reader);
    reader.skip(1);
  } else return false;
  return true;
}
