/** Compiles artifacts too large to hold up the supervisor, which keeps other guests' deadlines meanwhile. */
import './harden.js';
import { parentPort } from 'node:worker_threads';
import { closeModules } from './close-modules.js';
import { type CompiledArtifact, compileArtifact, openArtifact } from './engine.js';

export type CompileAnswer =
  | { readonly ok: true; readonly compiled: CompiledArtifact }
  | { readonly ok: false; readonly message: string };

function answerTo(bytes: Uint8Array): CompileAnswer {
  try {
    return { ok: true, compiled: compileArtifact(openArtifact(bytes)) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : 'unknown error' };
  }
}

closeModules();
parentPort?.on('message', (bytes: Uint8Array) => parentPort?.postMessage(answerTo(bytes)));
