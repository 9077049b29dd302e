import type { JsonValue } from './canonical-json.js';

/** What happened, as the code that did it says it. Never put a secret into `details`. */
export interface AuditDraft {
  /** A key's id, `webhook:` and a source's id, or `system`. */
  readonly actor: string;
  /** What was done or refused, as dotted lower case words: `function.activated`, `key.refused`. */
  readonly action: string;
  /** The id or name of what it was done to. */
  readonly target: string;
  readonly requestId?: string;
  readonly details?: { readonly [key: string]: JsonValue | undefined };
}

/** One link of a chain. */
export interface AuditEntry {
  /** A tenant's id, or `operator`. */
  readonly chain: string;
  /** Counts up by one from 1. */
  readonly seq: number;
  readonly id: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly requestId: string | null;
  readonly details: { readonly [key: string]: JsonValue | undefined };
  readonly prevHash: string;
  readonly hash: string;
}

/** Where a chain ends. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** What the first entry of a chain follows. */
export const emptyChain: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** The chain of what operators do. */
export const operatorChain = 'operator';
