import type { CompiledArtifact } from '../artifact/compile-artifact.js';
import type { Guest } from './abi.js';
import { ComponentGuest } from './component/component-guest.js';
import { CoreGuest } from './core-guest.js';

/**
 * Makes an artifact ready to run in this thread. Do it once per thread and artifact; every `run` then gets a fresh
 * instance of its own.
 */
export function prepareGuest(compiled: CompiledArtifact): Guest {
  return compiled.abi === 'component' ? new ComponentGuest(compiled) : new CoreGuest(compiled);
}
