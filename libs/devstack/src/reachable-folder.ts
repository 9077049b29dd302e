import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { clearLeftOver } from './postgres-cluster.js';
import { isAlive } from './process-table.js';
import { canRun, type SystemUser } from './system-user.js';

const systemFolder = '/var/lib/tenon';
const sweptMax = 200;

/** Both ends know the same token; the one in the system folder also says where the other end is. */
const markerFile = 'kept-elsewhere';
const originFile = 'origin.json';

interface Origin {
  readonly folder: string;
  readonly token: string;
}

async function readOrigin(folder: string): Promise<Origin | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path.join(folder, originFile), 'utf8'));
    if (typeof value !== 'object' || value === null || !('folder' in value) || !('token' in value)) return undefined;
    return { folder: String(value.folder), token: String(value.token) };
  } catch {
    return undefined;
  }
}

function readToken(folder: string): Promise<string> {
  return readFile(path.join(folder, markerFile), 'utf8').catch(() => '');
}

async function hasServer(folder: string): Promise<boolean> {
  const pid = Number.parseInt(await readFile(path.join(folder, 'data/postmaster.pid'), 'utf8').catch(() => ''), 10);
  return Number.isInteger(pid) && isAlive(pid);
}

/** Removes what belongs to folders that somebody has deleted since. */
async function sweep(): Promise<void> {
  const names = await readdir(systemFolder).catch(() => []);
  for (const name of names.slice(0, sweptMax)) {
    const folder = path.join(systemFolder, name);
    const origin = await readOrigin(folder);
    if (origin === undefined || (await readToken(origin.folder)) === origin.token || (await hasServer(folder)))
      continue;
    await rm(folder, { recursive: true, force: true });
  }
}

/** The other end of `folder`; empty again where `folder` was deleted and made anew, because that means: start afresh. */
async function otherEndOf(folder: string): Promise<string> {
  const hash = createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 16);
  const elsewhere = path.join(systemFolder, hash);
  const token = await readToken(folder);
  if (token !== '' && (await readOrigin(elsewhere))?.token === token) return elsewhere;
  await clearLeftOver(path.join(elsewhere, 'data'));
  await rm(elsewhere, { recursive: true, force: true });
  await mkdir(elsewhere, { recursive: true, mode: 0o711 });
  const origin: Origin = { folder: path.resolve(folder), token: randomUUID() };
  await writeFile(path.join(elsewhere, originFile), JSON.stringify(origin), { mode: 0o600 });
  await writeFile(path.join(folder, markerFile), origin.token, { mode: 0o600 });
  return elsewhere;
}

/**
 * The folder itself where `user` can pass through all its parents; else one under /var/lib/tenon that belongs to it.
 * Root's home is closed to everyone, so a checkout in it can't hold the data of a server that runs as somebody else.
 */
export async function reachableFolder(folder: string, user: SystemUser | undefined): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  if (user === undefined || (await canRun(user, '/bin/sh', ['-c', 'cd "$1"', 'sh', folder]))) return folder;
  const elsewhere = await otherEndOf(folder);
  await sweep();
  return elsewhere;
}
