/** What was stored: its content address and its size. */
export interface StoredObject {
  /** SHA-256 of the bytes, 64 lower case hexadecimal characters: the key of every other call. */
  readonly sha256: string;
  readonly bytes: number;
}

/** An object as a list shows it. */
export interface ListedObject extends StoredObject {
  /** When it was stored last, in milliseconds since 1970. */
  readonly storedAtMs: number;
}

export interface PutOptions {
  /** The largest object that is accepted; one byte more and nothing is kept. */
  readonly bytesMax: number;
  /** Ends the call early; nothing is kept. */
  readonly signal?: AbortSignal;
}

export interface ReadOptions {
  /** The largest object that the caller is ready to hold in memory. */
  readonly bytesMax: number;
}

/**
 * Immutable objects named by the SHA-256 of their content. The same bytes stored twice are one object, so a `put` may
 * be repeated freely, and whoever reads by address gets exactly those bytes or an error. Every driver passes
 * `storageConformance` of this library's tests.
 */
export interface Storage {
  /**
   * Stores the bytes of `source` and returns once they are durable. The object appears whole or not at all: nothing
   * is left behind when the source fails, the signal fires or the bound is passed.
   *
   * A `source` that is a Node stream is destroyed when the call ends early; pass
   * `stream.iterator({ destroyOnReturn: false })` where the stream is still needed, as to answer the HTTP request.
   *
   * @throws StorageError `too_large`, `aborted` or `unavailable`; and whatever `source` throws.
   */
  put(source: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredObject>;

  /**
   * The object in pieces. The content is checked against its address on the way; the last step throws `corrupt` if it
   * does not match, so nothing may be trusted before the iteration has ended.
   *
   * @throws StorageError `not_found` at the first step, `corrupt`, `unavailable` or `invalid_key`.
   */
  stream(sha256: string): AsyncIterable<Uint8Array>;

  /**
   * The whole object, checked against its address.
   *
   * @throws StorageError `not_found`, `too_large`, `corrupt`, `unavailable` or `invalid_key`.
   */
  read(sha256: string, options: ReadOptions): Promise<Uint8Array>;

  /** @throws StorageError `unavailable` or `invalid_key`. */
  has(sha256: string): Promise<boolean>;

  /** Removes the object; false if there was none. @throws StorageError `unavailable` or `invalid_key`. */
  delete(sha256: string): Promise<boolean>;

  /**
   * Every object, in any order, each once; what is stored or removed meanwhile may be there or not.
   *
   * @throws StorageError `unavailable`.
   */
  list(): AsyncIterable<ListedObject>;

  /**
   * Removes the object unless it was stored, again or for the first time, at `beforeMs` or later; false if it stayed or
   * was not there.
   *
   * @param beforeMs milliseconds since 1970
   * @throws StorageError `unavailable` or `invalid_key`.
   */
  deleteStoredBefore(sha256: string, beforeMs: number): Promise<boolean>;

  /** Shows that objects can be written now, for readiness checks. @throws StorageError `unavailable`. */
  probe(): Promise<void>;
}
