import type { CompiledArtifact } from '../artifact/compile-artifact.js';
import { MemoryShelf } from '../runtime/memory-shelf.js';
import type { Guest } from './abi.js';
import { ComponentGuest } from './component/component-guest.js';
import { CoreGuest } from './core-guest.js';

/**
 * Makes an artifact ready to run in this thread. Do it once per thread and artifact; every `run` then gets a fresh
 * instance of its own.
 *
 * @param shelf the thread's memories between runs; without it, the guest has a shelf to itself.
 */
export function prepareGuest(compiled: CompiledArtifact, shelf: MemoryShelf = new MemoryShelf()): Guest {
  return compiled.abi === 'component' ? new ComponentGuest(compiled) : new CoreGuest(compiled, shelf);
}
