/**
 * The guest's linear memory as the host sees it. Every access checks the guest's pointer first, and the views are
 * taken anew whenever the guest has grown its memory, because growth detaches the old buffer.
 */
export class GuestMemory {
  #memory: WebAssembly.Memory | undefined;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);

  /** Points at the memory of a fresh instance; `undefined` makes every access fail until there is one. */
  attach(memory: WebAssembly.Memory | undefined): void {
    this.#memory = memory;
    this.#refresh();
  }

  /** True when `length` bytes from `pointer` lie inside the memory. A guest's i32 arrives signed; pass it as it is. */
  holds(pointer: number, length: number): boolean {
    this.#refresh();
    return (pointer >>> 0) + (length >>> 0) <= this.#bytes.length;
  }

  /** A view of the guest's bytes, or `undefined` when they are out of range. Valid until the guest runs again. */
  slice(pointer: number, length: number): Uint8Array | undefined {
    if (!this.holds(pointer, length)) return undefined;
    return this.#bytes.subarray(pointer >>> 0, (pointer >>> 0) + (length >>> 0));
  }

  /** Reads an unsigned 32-bit integer; the caller has checked the range with `holds`. */
  u32(pointer: number): number {
    return this.#view.getUint32(pointer >>> 0, true);
  }

  /** Reads an unsigned byte; the caller has checked the range with `holds`. */
  u8(pointer: number): number {
    return this.#view.getUint8(pointer >>> 0);
  }

  /** Reads an unsigned 16-bit integer; the caller has checked the range with `holds`. */
  u16(pointer: number): number {
    return this.#view.getUint16(pointer >>> 0, true);
  }

  /** Reads an unsigned 64-bit integer; the caller has checked the range with `holds`. */
  u64(pointer: number): bigint {
    return this.#view.getBigUint64(pointer >>> 0, true);
  }

  /** @returns false, and writes nothing, when the pointer is out of range. */
  writeU32(pointer: number, value: number): boolean {
    if (!this.holds(pointer, 4)) return false;
    this.#view.setUint32(pointer >>> 0, value, true);
    return true;
  }

  /** @returns false, and writes nothing, when the pointer is out of range. */
  writeU64(pointer: number, value: bigint): boolean {
    if (!this.holds(pointer, 8)) return false;
    this.#view.setBigUint64(pointer >>> 0, value, true);
    return true;
  }

  /** @returns false, and writes nothing, when not all bytes fit at the pointer. */
  writeBytes(pointer: number, bytes: Uint8Array): boolean {
    const target = this.slice(pointer, bytes.length);
    target?.set(bytes);
    return target !== undefined;
  }

  #refresh(): void {
    const buffer = this.#memory?.buffer;
    if (buffer === this.#bytes.buffer) return;
    this.#bytes = buffer === undefined ? new Uint8Array(0) : new Uint8Array(buffer);
    this.#view = new DataView(this.#bytes.buffer);
  }
}
