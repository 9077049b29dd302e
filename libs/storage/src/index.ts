export { sha256Of } from './address.js';
export { openDiskStorage } from './disk-storage.js';
export { openStorage, type StorageLocation } from './open-storage.js';
export { openS3Storage, type S3StorageOptions } from './s3-storage.js';
export { StorageError, type StorageErrorCode } from './storage.errors.js';
export type { ListedObject, PutOptions, ReadOptions, Storage, StoredObject } from './storage.js';
