import { createHash } from 'node:crypto';
import { StorageError } from './storage.errors.js';

const addressPattern = /^[0-9a-f]{64}$/;

/** The address of bytes that are already in memory. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Addresses become file names and object keys, so nothing else may pass. @throws StorageError `invalid_key`. */
export function assertAddress(sha256: string): void {
  if (!addressPattern.test(sha256)) {
    throw new StorageError('invalid_key', 'expected a SHA-256 in lower case hexadecimal');
  }
}
