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

/** One link of a chain, as it is kept: with the text of its details that was hashed. */
export interface AuditRecord {
  /** A tenant's id, or `operator`. */
  readonly chain: string;
  /** Counts up by one from 1. */
  readonly seq: number;
  readonly id: string;
  /** RFC 3339, UTC, milliseconds. Never before the time of the entry before. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly requestId: string | null;
  /** Canonical JSON of an object. */
  readonly detailsText: string;
  readonly prevHash: string;
  readonly hash: string;
  /** On the last entry of an append, where the writer holds a key for seals; see {@link AuditSeals}. */
  readonly seal: string | null;
}

/** One link of a chain, with its details read. */
export interface AuditEntry extends Omit<AuditRecord, 'detailsText'> {
  readonly details: { readonly [key: string]: JsonValue | undefined };
}

/** Where a chain ends, or what its next entry follows. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** What the first entry of a chain follows. */
export const emptyChain: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** The chain of what operators do. */
export const operatorChain = 'operator';

/** Recorded by retention: its details name the last entry that it removes, by `seq` and `hash`. */
export const prunedAction = 'audit.pruned';

/** Recorded in the operator's chain: its details name the heads of tenants' chains, as `heads.<chain>` = `seq:hash`. */
export const anchoredAction = 'audit.anchored';
