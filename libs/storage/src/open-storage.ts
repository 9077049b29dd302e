import { openDiskStorage } from './disk-storage.js';
import { openS3Storage, type S3StorageOptions } from './s3-storage.js';
import type { Storage } from './storage.js';

/** Where objects are kept: in the bucket where one is given, else in the folder. */
export interface StorageLocation {
  readonly folder: string;
  readonly s3?: S3StorageOptions | undefined;
}

/** @throws StorageError `unavailable`. */
export function openStorage({ folder, s3 }: StorageLocation): Promise<Storage> {
  return s3 === undefined ? openDiskStorage(folder) : openS3Storage(s3);
}
