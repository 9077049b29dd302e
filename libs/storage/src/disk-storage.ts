import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { abortable } from './abortable.js';
import { assertAddress, sha256Of } from './address.js';
import { StorageError } from './storage.errors.js';
import type { ListedObject, PutOptions, ReadOptions, Storage, StoredObject } from './storage.js';
import { asStorageError, isMissing } from './system-error.js';

const readChunkBytes = 64 * 1024;
/** Longer than any upload may take, so that a sweep never removes a file that is still being written. */
const temporaryAgeMaxMs = 60 * 60 * 1000;
const temporarySweepMax = 10_000;

/**
 * Keeps objects as files: `objects/<first two characters>/<sha256>`. An object is written under `incoming/`, synced
 * and renamed, so a crash at any moment leaves either the whole object or a temporary file that the next
 * {@link openDiskStorage} removes.
 */
class DiskStorage implements Storage {
  constructor(private readonly root: string) {}

  async put(source: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredObject> {
    const temporary = path.join(this.root, 'incoming', randomUUID());
    try {
      const stored = await this.write(temporary, source, options);
      await this.publish(temporary, stored.sha256);
      return stored;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw asStorageError(error);
    }
  }

  async *stream(sha256: string): AsyncIterable<Uint8Array> {
    const handle = await this.openObject(sha256);
    try {
      const hash = createHash('sha256');
      for await (const chunk of chunksOf(handle)) {
        hash.update(chunk);
        yield chunk;
      }
      assertMatches(sha256, hash.digest('hex'));
    } finally {
      await handle.close();
    }
  }

  async read(sha256: string, options: ReadOptions): Promise<Uint8Array> {
    const handle = await this.openObject(sha256);
    try {
      const { size } = await handle.stat();
      if (size > options.bytesMax) throw tooLarge(options.bytesMax);
      const bytes = new Uint8Array(await handle.readFile());
      assertMatches(sha256, sha256Of(bytes));
      return bytes;
    } catch (error) {
      throw asStorageError(error);
    } finally {
      await handle.close();
    }
  }

  async has(sha256: string): Promise<boolean> {
    try {
      return (await stat(this.fileOf(sha256))).isFile();
    } catch (error) {
      if (isMissing(error)) return false;
      throw asStorageError(error);
    }
  }

  async delete(sha256: string): Promise<boolean> {
    try {
      await rm(this.fileOf(sha256));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw asStorageError(error);
    }
  }

  async *list(): AsyncIterable<ListedObject> {
    const objects = path.join(this.root, 'objects');
    try {
      for (const folder of await readdir(objects)) {
        for (const sha256 of await readdir(path.join(objects, folder))) {
          const facts = await stat(path.join(objects, folder, sha256)).catch(undefinedIfMissing);
          if (facts !== undefined) yield { sha256, bytes: facts.size, storedAtMs: facts.mtimeMs };
        }
      }
    } catch (error) {
      throw asStorageError(error);
    }
  }

  async deleteStoredBefore(sha256: string, beforeMs: number): Promise<boolean> {
    const file = this.fileOf(sha256);
    try {
      const facts = await stat(file).catch(undefinedIfMissing);
      return facts !== undefined && facts.mtimeMs < beforeMs && (await this.delete(sha256));
    } catch (error) {
      throw asStorageError(error);
    }
  }

  async probe(): Promise<void> {
    const temporary = path.join(this.root, 'incoming', randomUUID());
    try {
      await using handle = await open(temporary, 'wx', 0o600);
      await handle.writeFile('probe');
    } catch (error) {
      throw asStorageError(error);
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  private async write(
    file: string,
    source: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<StoredObject> {
    await using handle = await open(file, 'wx', 0o600);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of abortable(source, options.signal)) {
      bytes += chunk.byteLength;
      if (bytes > options.bytesMax) throw tooLarge(options.bytesMax);
      hash.update(chunk);
      await writeAll(handle, chunk);
    }
    await handle.sync();
    return { sha256: hash.digest('hex'), bytes };
  }

  /** The rename is atomic; two writers of the same bytes replace the file by an equal one. */
  private async publish(temporary: string, sha256: string): Promise<void> {
    const target = this.fileOf(sha256);
    const folder = path.dirname(target);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rename(temporary, target);
    // The new name is durable only after its folder is synced, too.
    await using handle = await open(folder, 'r');
    await handle.sync();
  }

  private async openObject(sha256: string): Promise<FileHandle> {
    try {
      return await open(this.fileOf(sha256), 'r');
    } catch (error) {
      if (isMissing(error)) throw new StorageError('not_found', `no object ${sha256}`);
      throw asStorageError(error);
    }
  }

  private fileOf(sha256: string): string {
    assertAddress(sha256);
    return path.join(this.root, 'objects', sha256.slice(0, 2), sha256);
  }
}

/**
 * Opens the folder `root`, makes it where it is missing, and removes what writers that died have left.
 *
 * @throws StorageError `unavailable`.
 */
export async function openDiskStorage(root: string): Promise<Storage> {
  try {
    const incoming = path.join(root, 'incoming');
    await mkdir(path.join(root, 'objects'), { recursive: true, mode: 0o700 });
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    await removeAbandoned(incoming);
    return new DiskStorage(root);
  } catch (error) {
    throw asStorageError(error);
  }
}

async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.slice(0, temporarySweepMax)) {
    const file = path.join(folder, name);
    const facts = await stat(file).catch(() => undefined);
    if (facts && Date.now() - facts.mtimeMs > temporaryAgeMaxMs) await rm(file, { force: true });
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

async function* chunksOf(handle: FileHandle): AsyncIterable<Uint8Array> {
  for (;;) {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(readChunkBytes), 0, readChunkBytes);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(chunk, offset, chunk.byteLength - offset);
    offset += bytesWritten;
  }
}

function tooLarge(bytesMax: number): StorageError {
  return new StorageError('too_large', `the object is larger than ${bytesMax} bytes`);
}

function assertMatches(wanted: string, found: string): void {
  if (wanted !== found) throw new StorageError('corrupt', `object ${wanted} has the content of ${found}`);
}
