import { WasmError } from './wasm-error.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A cursor over a module. Every read is checked against `end`, so no input can make it read outside its section, and
 * LEB128 numbers are refused when they are longer or larger than the specification allows.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  pos: number;
  end: number;

  constructor(bytes: Uint8Array, pos = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.pos = pos;
    this.end = end;
  }

  u8(): number {
    if (this.pos >= this.end) throw this.truncated();
    return this.bytes[this.pos++] as number;
  }

  u32(): number {
    if (this.pos < this.end) {
      const first = this.bytes[this.pos] as number;
      if (first < 0x80) {
        this.pos++;
        return first;
      }
    }
    return this.u32Long();
  }

  private u32Long(): number {
    const start = this.pos;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      if (shift === 28 && byte > 0x0f) throw this.badLeb(start, 'unsigned 32-bit');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw this.badLeb(start, 'unsigned 32-bit');
  }

  /** An unsigned 64-bit number. Above 2^53 the low bits are rounded: such sizes are only ever compared with limits. */
  u64(): number {
    const start = this.pos;
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.u8();
      if (count === 9 && byte > 0x01) throw this.badLeb(start, 'unsigned 64-bit');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw this.badLeb(start, 'unsigned 64-bit');
  }

  /** A signed 33-bit number, as block types and heap types use: an index when positive, a code when negative. */
  s33(): number {
    const start = this.pos;
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 5; count++) {
      const byte = this.u8();
      if (byte < 0x80) {
        if (count === 4 && byte > 0x0f && byte < 0x70) throw this.badLeb(start, 'signed 33-bit');
        value += (byte & 0x7f) * scale;
        return byte & 0x40 ? value - scale * 128 : value;
      }
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    throw this.badLeb(start, 'signed 33-bit');
  }

  /** A signed 32-bit number. */
  s32(): number {
    const start = this.pos;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      // The last byte has four bits of the number; the others repeat its sign.
      if (shift === 28 && byte > 0x07 && byte < 0x78) throw this.badLeb(start, 'signed 32-bit');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return shift < 25 && byte & 0x40 ? value | (-1 << (shift + 7)) : value;
    }
    throw this.badLeb(start, 'signed 32-bit');
  }

  /** Steps over a LEB128 constant of at most `bytesMax` bytes; the engine checks its value. */
  skipLeb(bytesMax: number): void {
    const start = this.pos;
    for (let count = 0; count < bytesMax; count++) if (this.u8() < 0x80) return;
    throw this.badLeb(start, `constant of at most ${bytesMax} bytes`);
  }

  skip(count: number): void {
    if (count > this.end - this.pos) throw this.truncated();
    this.pos += count;
  }

  /** A name: a length in bytes, then that much UTF-8. The length is checked before anything is decoded. */
  name(bytesMax: number): string {
    const start = this.pos;
    const length = this.u32();
    if (length > this.end - this.pos) throw this.truncated();
    if (length > bytesMax) {
      throw new WasmError('name_bytes_limit', 'A name is longer than allowed.', {
        offset: start,
        found: `${length} bytes`,
        allowed: `${bytesMax} bytes`,
      });
    }
    const at = this.pos;
    this.pos += length;
    try {
      return utf8.decode(this.bytes.subarray(at, at + length));
    } catch {
      throw new WasmError('invalid_utf8', 'A name is not valid UTF-8.', { offset: at });
    }
  }

  truncated(): WasmError {
    return new WasmError('unexpected_end', 'The bytes end in the middle of something.', { offset: this.pos });
  }

  private badLeb(offset: number, what: string): WasmError {
    return new WasmError('bad_leb128', `A number is not a valid ${what} LEB128.`, { offset });
  }
}
