/** "expand 32-byte k", the constant of ChaCha20 (RFC 8439, section 2.3), as four little-endian words. */
const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;
const rounds = 10;

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function quarterRound(s: Uint32Array, a: number, b: number, c: number, d: number): void {
  s[a] = (s[a] ?? 0) + (s[b] ?? 0);
  s[d] = rotateLeft((s[d] ?? 0) ^ (s[a] ?? 0), 16);
  s[c] = (s[c] ?? 0) + (s[d] ?? 0);
  s[b] = rotateLeft((s[b] ?? 0) ^ (s[c] ?? 0), 12);
  s[a] = (s[a] ?? 0) + (s[b] ?? 0);
  s[d] = rotateLeft((s[d] ?? 0) ^ (s[a] ?? 0), 8);
  s[c] = (s[c] ?? 0) + (s[d] ?? 0);
  s[b] = rotateLeft((s[b] ?? 0) ^ (s[c] ?? 0), 7);
}

/**
 * The guest's random source: the ChaCha20 keystream of RFC 8439 with the request's 32-byte seed as key, a nonce of
 * zeros and the block counter starting at 0. The same seed gives the same bytes on any machine, and nobody who lacks
 * the seed can predict them.
 */
export class RandomSource {
  readonly #state = new Uint32Array(16);
  readonly #block = new Uint32Array(16);
  readonly #bytes = new Uint8Array(this.#block.buffer);
  #used = 64;

  /** @param seed 64 hexadecimal characters; anything else counts as zeros where it can't be read. */
  constructor(seed: string) {
    this.#state.set(constants);
    for (let word = 0; word < 8; word += 1) this.#state[4 + word] = littleEndianWord(seed, word * 8);
  }

  /** Fills the whole of `target`. */
  fill(target: Uint8Array): void {
    for (let at = 0; at < target.length; ) {
      if (this.#used === 64) this.#nextBlock();
      const length = Math.min(64 - this.#used, target.length - at);
      target.set(this.#bytes.subarray(this.#used, this.#used + length), at);
      this.#used += length;
      at += length;
    }
  }

  /** The next eight bytes as an unsigned 64-bit integer, least significant byte first. */
  nextU64(): bigint {
    const bytes = new Uint8Array(8);
    this.fill(bytes);
    return new DataView(bytes.buffer).getBigUint64(0, true);
  }

  #nextBlock(): void {
    const working = this.#block;
    working.set(this.#state);
    for (let round = 0; round < rounds; round += 1) {
      quarterRound(working, 0, 4, 8, 12);
      quarterRound(working, 1, 5, 9, 13);
      quarterRound(working, 2, 6, 10, 14);
      quarterRound(working, 3, 7, 11, 15);
      quarterRound(working, 0, 5, 10, 15);
      quarterRound(working, 1, 6, 11, 12);
      quarterRound(working, 2, 7, 8, 13);
      quarterRound(working, 3, 4, 9, 14);
    }
    for (let i = 0; i < 16; i += 1) working[i] = (working[i] ?? 0) + (this.#state[i] ?? 0);
    this.#state[12] = (this.#state[12] ?? 0) + 1;
    if (this.#state[12] === 0) this.#state[13] = (this.#state[13] ?? 0) + 1;
    this.#used = 0;
  }
}

function littleEndianWord(hex: string, at: number): number {
  let word = 0;
  for (let byte = 0; byte < 4; byte += 1) {
    const value = Number.parseInt(hex.slice(at + byte * 2, at + byte * 2 + 2), 16);
    word |= (Number.isNaN(value) ? 0 : value) << (byte * 8);
  }
  return word;
}
