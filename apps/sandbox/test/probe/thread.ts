/** Does to its thread what a guest thread does, then says what is left. */
import '../../src/harden.js';
import { parentPort } from 'node:worker_threads';
import { closeModules } from '../../src/close-modules.js';
import { closeDoors } from '../../src/realm.js';

export interface ThreadFacts {
  readonly globals: readonly string[];
  readonly imported: string;
}

async function tryImport(): Promise<string> {
  try {
    return `OPEN: ${String(await import('node:fs'))}`;
  } catch (error) {
    return error instanceof Error ? error.message : 'refused';
  }
}

const port = parentPort;
closeModules();
closeDoors();
const globals = Reflect.ownKeys(globalThis).map(String);
port?.postMessage({ globals, imported: await tryImport() } satisfies ThreadFacts);
