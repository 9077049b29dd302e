/** Does to its thread what a guest thread does, then says what is left. */
import '../../src/harden.js';
import { parentPort } from 'node:worker_threads';
import { closeModules } from '../../src/close-modules.js';
import { freezeRealm } from '../../src/freeze-realm.js';
import { closeDoors } from '../../src/realm.js';

export interface ThreadFacts {
  readonly globals: readonly string[];
  readonly imported: string;
  /** What could still be changed of the thread's own realm after it was frozen. */
  readonly changed: readonly string[];
}

async function tryImport(): Promise<string> {
  try {
    return `OPEN: ${String(await import('node:fs'))}`;
  } catch (error) {
    return error instanceof Error ? error.message : 'refused';
  }
}

/** Each tries to leave something behind for who comes next. */
const marks: Readonly<Record<string, () => unknown>> = {
  'Object.prototype': () => Object.defineProperty(Object.prototype, 'left', { value: 1 }),
  'Array.prototype.map': () => Object.defineProperty(Array.prototype, 'map', { value: () => [] }),
  'Function.prototype.call': () => Object.defineProperty(Function.prototype, 'call', { value: () => 1 }),
  'Promise.prototype.then': () => Object.defineProperty(Promise.prototype, 'then', { value: () => 1 }),
  'TextEncoder.prototype': () => Object.defineProperty(TextEncoder.prototype, 'encode', { value: () => 1 }),
  'an iterator': () => Object.defineProperty(Object.getPrototypeOf([].values()), 'next', { value: () => 1 }),
  'a typed array': () => Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), 'set', { value: () => 1 }),
  'WebAssembly.Instance': () => Object.defineProperty(WebAssembly, 'Instance', { value: () => 1 }),
  'Error.prototype': () => Object.defineProperty(Error.prototype, 'left', { value: 1 }),
  JSON: () => Object.defineProperty(JSON, 'parse', { value: () => 1 }),
  'Reflect.apply': () => Object.defineProperty(Reflect, 'apply', { value: () => 1 }),
  'Buffer.prototype': () => Object.defineProperty(Buffer.prototype, 'left', { value: 1 }),
};

function changedBy(mark: () => unknown): boolean {
  try {
    mark();
    return true;
  } catch {
    return false;
  }
}

const port = parentPort;
closeModules();
closeDoors();
const imported = await tryImport();
freezeRealm();
const changed = Object.entries(marks).flatMap(([name, mark]) => (changedBy(mark) ? [name] : []));
const globals = Reflect.ownKeys(globalThis).map(String);
port?.postMessage({ globals, imported, changed } satisfies ThreadFacts);
