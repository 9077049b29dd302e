import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DevstackError, systemCodeOf } from './errors.js';
import { isAlive, startStampOf } from './process-table.js';

interface Owner {
  readonly pid: number;
  readonly startStamp: string;
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startStamp' in value)) return undefined;
    if (typeof value.pid !== 'number' || typeof value.startStamp !== 'string') return undefined;
    return { pid: value.pid, startStamp: value.startStamp };
  } catch {
    return undefined;
  }
}

async function stillRuns(owner: Owner): Promise<boolean> {
  return isAlive(owner.pid) && (await startStampOf(owner.pid)) === owner.startStamp;
}

/**
 * Makes this process the only user of `folder`, which is created if need be. A claim whose process has ended, also by
 * kill -9, is taken over.
 * @returns a function that gives the folder back.
 * @throws DevstackError when another process that still runs holds the folder.
 */
export async function claimFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, 'owner.json');
  const self: Owner = { pid: process.pid, startStamp: await startStampOf(process.pid) };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await writeFile(file, JSON.stringify(self), { flag: 'wx' });
      return () => rm(file, { force: true });
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    }
    const owner = await readOwner(file);
    if (owner !== undefined && (await stillRuns(owner))) {
      throw new DevstackError(
        `${folder} is in use by process ${owner.pid}: it is running there already. Stop that one first, with Ctrl-C or: kill ${owner.pid}`,
      );
    }
    await rm(file, { force: true });
  }
  throw new DevstackError(`Another process keeps taking ${folder}; start only one Tenon per folder.`);
}
