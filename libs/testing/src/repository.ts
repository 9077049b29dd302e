import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package-lock.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('The repository root was not found: no package-lock.json above this file.');
    folder = parent;
  }
  return folder;
}

/** The folder that holds package-lock.json. */
export const repositoryRoot = findRoot();
