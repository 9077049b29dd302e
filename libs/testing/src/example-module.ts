import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from './repository.js';

/** The built module `examples/<name>/<name>.wasm`, ready to upload. */
export async function exampleModule(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(path.join(repositoryRoot, 'examples', name, `${name}.wasm`)));
}
