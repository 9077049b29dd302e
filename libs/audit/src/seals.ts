import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { ChainHead } from './audit-entry.js';

const keyBytesMin = 32;

interface SealKey {
  readonly id: string;
  readonly key: Uint8Array;
}

/**
 * Proof that the entries of one append were made by a process of Tenon: an HMAC-SHA-256 over the chain's name, the
 * place and hash of the last of them, and how many they are. The key never reaches the database, so whoever writes
 * there by hand, hashes and head included, can't seal what they wrote; and what they slipped in at the end of a chain
 * stays outside of every seal, although the next append goes on from it.
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

  /** @param entries of the append that ends with `head` */
  seal(chain: string, head: ChainHead, entries: number): string {
    const [key] = this.#keys;
    if (key === undefined) throw new RangeError('seals need at least one key');
    return `v1:${key.id}:${entries}:${macOf(key, chain, head, entries).toString('hex')}`;
  }

  /**
   * How many entries `seal` is for, the one at `head` included; undefined where it was not made with one of the keys.
   * The first seals, which had no number, are for all that stands before them: Infinity.
   */
  entriesOf(seal: string, chain: string, head: ChainHead): number | undefined {
    const [version, id, ...rest] = seal.split(':');
    const key = this.#keys.find((candidate) => candidate.id === id);
    const mac = rest.at(-1);
    if (version !== 'v1' || key === undefined || mac === undefined || rest.length > 2) return undefined;
    const entries = rest.length === 1 ? undefined : Number(rest[0]);
    const given = Buffer.from(mac, 'hex');
    const expected = macOf(key, chain, head, entries);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return entries ?? Number.POSITIVE_INFINITY;
  }
}

function macOf({ key }: SealKey, chain: string, { seq, hash }: ChainHead, entries: number | undefined): Buffer {
  const covered = entries === undefined ? [chain, seq, hash] : [chain, seq, hash, entries];
  return createHmac('sha256', key).update(covered.join('\n')).digest();
}
