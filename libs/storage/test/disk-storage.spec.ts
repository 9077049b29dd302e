import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openDiskStorage } from '@tenon/storage';
import { storageConformance } from './storage-conformance.js';

async function temporaryFolder() {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-storage-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

storageConformance('disk', async () => {
  const temporary = await temporaryFolder();
  return {
    storage: await openDiskStorage(temporary.folder),
    corrupt: (sha256) => writeFile(path.join(temporary.folder, 'objects', sha256.slice(0, 2), sha256), 'bad'),
    entries: () => filesUnder(temporary.folder),
    close: () => temporary[Symbol.asyncDispose](),
  };
});

describe('disk storage', () => {
  it('removes what a dead writer left long ago, and nothing that may still be written', async () => {
    await using temporary = await temporaryFolder();
    await openDiskStorage(temporary.folder);
    const old = path.join(temporary.folder, 'incoming', 'old');
    const young = path.join(temporary.folder, 'incoming', 'young');
    await Promise.all([writeFile(old, 'x'), writeFile(young, 'x')]);
    await utimes(old, 0, 0);
    await openDiskStorage(temporary.folder);
    expect(await filesUnder(temporary.folder)).toEqual([young]);
  });

  it('says unavailable when the folder cannot be used', async () => {
    await using temporary = await temporaryFolder();
    const file = path.join(temporary.folder, 'a-file');
    await writeFile(file, '');
    await expect(openDiskStorage(file)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('says unavailable, not found nowhere, when the folder is lost while running', async () => {
    const temporary = await temporaryFolder();
    const storage = await openDiskStorage(temporary.folder);
    await temporary[Symbol.asyncDispose]();
    await expect(storage.put(new Uint8Array(1), { bytesMax: 1 })).rejects.toMatchObject({ code: 'unavailable' });
    await expect(storage.probe()).rejects.toMatchObject({ code: 'unavailable' });
  });
});
