/** What one block costs the host beside its bytes: an entry in a map. Counted so that tiny blocks are not free. */
const blockOverheadBytes = 64;

/** The budget is asked in steps of this size, as a linear memory would grow. */
const stepBytes = 65_536;

const alignment = 8;

/**
 * The memory through which an Extism plug-in and its host exchange data. In Extism it is a linear memory of a second
 * module, the kernel; here it is the host's, with the same rules: offset 0 is "nothing", reads out of range give 0,
 * writes out of range do nothing, and only the start of a block has a length. It counts against the plug-in's memory
 * limit.
 */
export class ExtismMemory {
  readonly #reserve: (bytes: number) => void;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #top = alignment;
  #accounted = 0;
  #reserved = 0;
  readonly #lengths = new Map<number, number>();
  readonly #free = new Map<number, number[]>();

  /** @param reserve counts that many bytes more, and does not return when they are too many. */
  constructor(reserve: (bytes: number) => void) {
    this.#reserve = reserve;
  }

  /** @returns the block's offset; 0 for a block of nothing. */
  alloc(length: bigint): bigint {
    if (length === 0n) return 0n;
    const size = Math.ceil(Number(length) / alignment) * alignment;
    const reused = this.#free.get(size)?.pop();
    if (reused === undefined) this.#account(size + blockOverheadBytes);
    const offset = reused ?? this.#extend(size);
    this.#lengths.set(offset, Number(length));
    return BigInt(offset);
  }

  free(offset: bigint): void {
    const at = this.#at(offset);
    const length = this.#lengths.get(at);
    if (length === undefined) return;
    this.#lengths.delete(at);
    const size = Math.ceil(length / alignment) * alignment;
    const list = this.#free.get(size) ?? [];
    list.push(at);
    this.#free.set(size, list);
  }

  /** The length of the block that starts at `offset`; 0 when none does. */
  length(offset: bigint): number {
    return this.#lengths.get(this.#at(offset)) ?? 0;
  }

  u8(offset: bigint): number {
    const at = this.#at(offset);
    return at > 0 && at < this.#top ? this.#view.getUint8(at) : 0;
  }

  u64(offset: bigint): bigint {
    const at = this.#at(offset);
    return at > 0 && at + 8 <= this.#top ? this.#view.getBigUint64(at, true) : 0n;
  }

  setU8(offset: bigint, value: number): void {
    const at = this.#at(offset);
    if (at > 0 && at < this.#top) this.#view.setUint8(at, value);
  }

  setU64(offset: bigint, value: bigint): void {
    const at = this.#at(offset);
    if (at > 0 && at + 8 <= this.#top) this.#view.setBigUint64(at, value, true);
  }

  /** A view of a range, or `undefined` when it is not inside the memory. */
  range(offset: bigint, length: bigint): Uint8Array | undefined {
    const at = this.#at(offset);
    const end = at + Number(BigInt.asUintN(64, length));
    return at > 0 && end <= this.#top ? this.#bytes.subarray(at, end) : undefined;
  }

  /** The bytes of the block that starts at `offset`. */
  block(offset: bigint): Uint8Array | undefined {
    const length = this.#lengths.get(this.#at(offset));
    return length === undefined ? undefined : this.range(offset, BigInt(length));
  }

  /** A new block with these bytes. */
  put(bytes: Uint8Array): bigint {
    const offset = this.alloc(BigInt(bytes.length));
    if (offset !== 0n) this.#bytes.set(bytes, Number(offset));
    return offset;
  }

  /** Counts bytes that the host keeps elsewhere for the plug-in. */
  account(bytes: number): void {
    this.#account(bytes);
  }

  /** Offsets are 64-bit and arrive signed; far ones lose their low bits here and are out of range anyway. */
  #at(offset: bigint): number {
    return Number(BigInt.asUintN(64, offset));
  }

  #account(bytes: number): void {
    this.#accounted += bytes;
    const missing = this.#accounted - this.#reserved;
    if (missing <= 0) return;
    const step = Math.ceil(missing / stepBytes) * stepBytes;
    this.#reserved += step;
    this.#reserve(step);
  }

  /** The budget has been checked, so this is bounded by the memory limit. */
  #extend(size: number): number {
    const offset = this.#top;
    this.#top += size;
    if (this.#top > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#top, this.#bytes.length * 2, 4_096));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return offset;
  }
}
