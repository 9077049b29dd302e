import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from './repository.js';

/**
 * The built module of `examples/<name>`, ready to upload.
 * @throws when the example has no built module or more than one.
 */
export async function exampleModule(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = path.join(repositoryRoot, 'examples', name);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.wasm') && !entry.parentPath.includes('node_modules'))
    .map((entry) => path.join(entry.parentPath, entry.name));
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) {
    throw new Error(`expected one built module in ${folder}, found ${files.length}: ${files.join(', ')}`);
  }
  return new Uint8Array(await readFile(file));
}
