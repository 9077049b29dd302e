import { StorageError } from './storage.errors.js';

/** Recognised by shape: an error of the file system may come from another realm, where `instanceof` says no. */
interface SystemError {
  readonly code: string;
  readonly message: string;
  readonly syscall: string;
}

function isSystemError(error: unknown): error is SystemError {
  if (typeof error !== 'object' || error === null || !('syscall' in error) || !('code' in error)) return false;
  return typeof error.syscall === 'string' && typeof error.code === 'string';
}

/** True for the error of a file that is not there. */
export function isMissing(error: unknown): boolean {
  return isSystemError(error) && error.code === 'ENOENT';
}

const mediumFaults = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE']);

/** Errors of the file system become `unavailable`; all others, as those of the source, stay what they are. */
export function asStorageError(error: unknown): unknown {
  if (!isSystemError(error)) return error;
  // A socket that breaks is a system error of the source, and it names no path.
  if (!('path' in error) && !mediumFaults.has(error.code)) return error;
  return new StorageError('unavailable', `the storage folder failed: ${error.message}`, { cause: error });
}
