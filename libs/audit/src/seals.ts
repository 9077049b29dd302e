import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { ChainHead } from './audit-entry.js';

const keyBytesMin = 32;

interface SealKey {
  readonly id: string;
  readonly key: Uint8Array;
}

/**
 * Proof that an entry was appended by a process of Tenon: an HMAC-SHA-256 over the chain's name, the entry's place and
 * its hash, and so over everything before it. The key never reaches the database, so whoever rewrites a chain there,
 * hashes and head included, can't seal what they wrote.
 */
export class AuditSeals {
  readonly #keys: readonly SealKey[];

  /**
   * @param keys the first one seals; seals of the others still count, so that a key can be replaced.
   * @throws RangeError without a key, or for one of fewer than 32 bytes.
   */
  constructor(keys: readonly Uint8Array[]) {
    if (keys.length === 0) throw new RangeError('seals need at least one key');
    for (const key of keys)
      if (key.length < keyBytesMin) throw new RangeError(`a key has ${keyBytesMin} bytes or more`);
    this.#keys = keys.map((key) => ({ id: createHash('sha256').update(key).digest('hex').slice(0, 8), key }));
  }

  seal(chain: string, head: ChainHead): string {
    const [key] = this.#keys;
    if (key === undefined) throw new RangeError('seals need at least one key');
    return `v1:${key.id}:${macOf(key, chain, head).toString('hex')}`;
  }

  /** Whether `seal` was made for this entry with one of the keys. */
  holds(seal: string, chain: string, head: ChainHead): boolean {
    const [version, id, mac] = seal.split(':', 3);
    const key = this.#keys.find((candidate) => candidate.id === id);
    if (version !== 'v1' || key === undefined || mac === undefined) return false;
    const given = Buffer.from(mac, 'hex');
    const expected = macOf(key, chain, head);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

function macOf({ key }: SealKey, chain: string, { seq, hash }: ChainHead): Buffer {
  return createHmac('sha256', key).update(`${chain}\n${seq}\n${hash}`).digest();
}
