import type { CompiledArtifact } from './engine.js';

/** What a guest thread is born with. */
export interface ThreadData {
  /** One word that counts messages, so that a thread without an event loop turn can sleep until one arrives. */
  readonly mail: SharedArrayBuffer;
}

/** From the supervisor to a guest thread. */
export type ToThread =
  /** Sent once: from then on the thread pulls from this queue and no other. */
  | { readonly kind: 'bind'; readonly queue: SharedArrayBuffer; readonly number: number; readonly seat: number }
  | { readonly kind: 'artifact'; readonly artifact: number; readonly compiled: CompiledArtifact }
  | { readonly kind: 'drop'; readonly artifact: number };

/** From a guest thread to the supervisor. */
export type FromThread =
  | { readonly kind: 'want'; readonly artifact: number }
  | { readonly kind: 'result'; readonly slot: number; readonly bytes: Uint8Array };
