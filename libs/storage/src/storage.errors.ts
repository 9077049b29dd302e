/** Why a storage call failed. `unavailable` is the medium's fault (a full disk, a lost mount); the call may be repeated. */
export type StorageErrorCode = 'too_large' | 'not_found' | 'corrupt' | 'aborted' | 'invalid_key' | 'unavailable';

/** The only error that a {@link Storage} throws; whatever the source of a `put` throws passes through unchanged. */
export class StorageError extends Error {
  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StorageError';
  }
}
