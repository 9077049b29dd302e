import { ProtocolError } from '../errors.js';

/** Reads a frame's body from front to back; every read is checked against the end. */
export class ByteReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  u8(): number {
    return this.bytes.readUInt8(this.advance(1));
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.advance(2));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.advance(4));
  }

  f64(): number {
    return this.bytes.readDoubleLE(this.advance(8));
  }

  /** A double that counts something: finite, whole and not negative. */
  count(): number {
    const value = this.f64();
    if (!Number.isSafeInteger(value) || value < 0) throw new ProtocolError(`not a count: ${value}`);
    return value;
  }

  /** Bytes that still share memory with the frame. */
  slice(length: number): Buffer {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  text(length: number): string {
    const start = this.advance(length);
    return this.bytes.toString('utf8', start, start + length);
  }

  hex(length: number): string {
    const start = this.advance(length);
    return this.bytes.toString('hex', start, start + length);
  }

  rest(): Buffer {
    return this.slice(this.bytes.length - this.at);
  }

  /** @throws ProtocolError when bytes are left over: a frame says what it holds, neither more nor less. */
  end(): void {
    if (this.at !== this.bytes.length) throw new ProtocolError(`${this.bytes.length - this.at} bytes too many`);
  }

  private advance(length: number): number {
    const start = this.at;
    if (length > this.bytes.length - start) throw new ProtocolError(`${length} bytes wanted at ${start}, frame ends`);
    this.at = start + length;
    return start;
  }
}
