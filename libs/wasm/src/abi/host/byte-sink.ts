const firstChunkBytes = 1_024;
const nothing = new Uint8Array(0);

/** Bytes that a guest wrote, kept up to a ceiling; what comes after it is only counted. */
export class ByteSink {
  readonly #bytesMax: number;
  #bytes = nothing;
  #length = 0;
  #dropped = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes that were offered after the ceiling was reached. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Bytes that were kept. */
  get length(): number {
    return this.#length;
  }

  write(bytes: Uint8Array): void {
    const kept = Math.min(bytes.length, this.#bytesMax - this.#length);
    this.#dropped += bytes.length - kept;
    if (kept === 0) return;
    this.#reserve(this.#length + kept);
    this.#bytes.set(kept === bytes.length ? bytes : bytes.subarray(0, kept), this.#length);
    this.#length += kept;
  }

  /** Forgets what was kept, for an ABI whose guest may set its output more than once. */
  clear(): void {
    this.#length = 0;
    this.#dropped = 0;
  }

  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The bytes as text; what is not UTF-8 reads as U+FFFD, and a character that the ceiling cut in two is left out. */
  text(): string {
    if (this.#length === 0) return '';
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.view(), { stream: this.#dropped > 0 });
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const capacity = Math.min(this.#bytesMax, Math.max(firstChunkBytes, this.#bytes.length * 2, length));
    // Small ones come out of a pool; what they held before is overwritten or never looked at.
    const grown = Buffer.allocUnsafe(capacity);
    grown.set(this.view());
    this.#bytes = grown;
  }
}
