/** A growing byte buffer with the encodings of the WebAssembly binary format. */
export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer>;
  pos = 0;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes; the single-byte writers below rely on their callers for it. */
  reserve(count: number): void {
    if (this.pos + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.pos + count));
    larger.set(this.bytes.subarray(0, this.pos));
    this.bytes = larger;
  }

  u8(value: number): void {
    if (this.pos >= this.bytes.length) this.reserve(64);
    this.bytes[this.pos++] = value;
  }

  u32(value: number): void {
    if (this.pos + 5 > this.bytes.length) this.reserve(64);
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.pos++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.pos++] = rest;
  }

  /** An unsigned number below 2^53 in as many bytes as it needs. */
  u53(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.u8((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.u8(rest);
  }

  s32(value: number): void {
    let rest = value | 0;
    for (;;) {
      const byte = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && byte < 0x40) || (rest === -1 && byte >= 0x40)) {
        this.u8(byte);
        return;
      }
      this.u8(byte | 0x80);
    }
  }

  s64(value: bigint): void {
    let rest = value;
    for (;;) {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40)) {
        this.u8(byte);
        return;
      }
      this.u8(byte | 0x80);
    }
  }

  raw(source: Uint8Array, from = 0, to: number = source.length): void {
    const count = to - from;
    this.reserve(count);
    if (count < 16) {
      for (let at = from; at < to; at++) this.bytes[this.pos++] = source[at] as number;
      return;
    }
    this.bytes.set(source.subarray(from, to), this.pos);
    this.pos += count;
  }

  list(values: readonly number[]): void {
    this.reserve(values.length);
    for (const value of values) this.bytes[this.pos++] = value;
  }

  name(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.u32(encoded.length);
    this.raw(encoded);
  }

  /** What has been written so far, without copying. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.pos);
  }

  /** What has been written so far, in a buffer of its own. */
  take(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.pos);
  }
}
