export { sha256Of } from './address.js';
export { openDiskStorage } from './disk-storage.js';
export { StorageError, type StorageErrorCode } from './storage.errors.js';
export type { PutOptions, ReadOptions, Storage, StoredObject } from './storage.js';
