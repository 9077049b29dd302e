import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { canRun, type SystemUser } from './system-user.js';

const systemFolder = '/var/lib/tenon';

/**
 * The folder itself where `user` can pass through all its parents; else one under /var/lib/tenon that belongs to it by
 * the hash of its path. Root's home is closed to everyone, so a checkout in it can't hold the data of a server that
 * runs as somebody else.
 */
export async function reachableFolder(folder: string, user: SystemUser | undefined): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  if (user === undefined || (await canRun(user, '/bin/sh', ['-c', 'cd "$1"', 'sh', folder]))) return folder;
  const hash = createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 16);
  const elsewhere = path.join(systemFolder, hash);
  await mkdir(elsewhere, { recursive: true, mode: 0o711 });
  return elsewhere;
}
