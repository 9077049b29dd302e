import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const formatVersion = 1;
const keyIdBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;
const headerBytes = 1 + keyIdBytes + nonceBytes;

/** A sealed value was changed, belongs elsewhere, or was sealed with a key that this process does not have. */
export class SealError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SealError';
  }
}

interface SealingKey {
  readonly id: Buffer;
  readonly key: Buffer;
}

/** The master key itself never encrypts: what it is used for next then can't collide with this use. */
function deriveKey(masterKey: Uint8Array): SealingKey {
  const key = Buffer.from(hkdfSync('sha256', masterKey, new Uint8Array(0), 'tenon/seal/v1', 32));
  return { id: createHash('sha256').update(key).digest().subarray(0, keyIdBytes), key };
}

/**
 * Keeps secrets that Tenon must be able to read again, such as those of webhooks, unreadable in the database and its
 * backups: AES-256-GCM with a random nonce (NIST SP 800-38D), under a key derived from the master key.
 */
export class Sealer {
  readonly #keys: readonly SealingKey[];
  readonly #masterKeys: readonly Uint8Array[];

  /** The first master key seals; the others still open, so that a key can be replaced without downtime. */
  constructor(masterKeys: readonly Uint8Array[]) {
    if (masterKeys.length === 0) throw new SealError('a sealer needs at least one master key');
    this.#keys = masterKeys.map(deriveKey);
    this.#masterKeys = masterKeys;
  }

  /**
   * Keys of 32 bytes for another use than sealing, one per master key, in their order.
   *
   * @param purpose names that use and its version: keys for different purposes tell nothing about each other.
   */
  deriveKeys(purpose: string): readonly Uint8Array[] {
    return this.#masterKeys.map((key) => new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), purpose, 32)));
  }

  /** @param context where the value belongs (a row's id): opening it anywhere else fails. */
  seal(plain: string | Uint8Array, context: string): Buffer {
    const [sealing] = this.#keys;
    if (sealing === undefined) throw new SealError('a sealer needs at least one master key');
    const nonce = randomBytes(nonceBytes);
    const header = Buffer.concat([Buffer.of(formatVersion), sealing.id, nonce]);
    const cipher = createCipheriv('aes-256-gcm', sealing.key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.concat([header, Buffer.from(context)]));
    return Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws SealError when the value was changed, sealed for another `context`, or under an unknown key. */
  open(sealed: Uint8Array, context: string): Buffer {
    const bytes = Buffer.from(sealed);
    if (bytes.length < headerBytes + tagBytes || bytes[0] !== formatVersion) throw new SealError('not a sealed value');
    const keyId = bytes.subarray(1, 1 + keyIdBytes);
    const found = this.#keys.find((candidate) => candidate.id.equals(keyId));
    if (found === undefined) throw new SealError('sealed with a key that is not in TENON_SECRET_KEY');
    const header = bytes.subarray(0, headerBytes);
    const decipher = createDecipheriv('aes-256-gcm', found.key, header.subarray(1 + keyIdBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.concat([header, Buffer.from(context)]));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(headerBytes, -tagBytes)), decipher.final()]);
    } catch {
      throw new SealError('the sealed value was changed or belongs elsewhere');
    }
  }
}
