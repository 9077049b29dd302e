import { type AuditEntry, type ChainHead, emptyChain } from './audit-entry.js';
import { hashOf } from './chain.js';

/** The first place where a chain is not what was written. */
export interface ChainBreak {
  readonly seq: number;
  readonly reason: 'missing_or_reordered' | 'altered' | 'forged' | 'tail_missing';
  readonly message: string;
}

export interface VerificationResult {
  readonly intact: boolean;
  /** Entries that were checked and found whole. */
  readonly entries: number;
  readonly firstBreak?: ChainBreak;
}

/** Checks a chain entry by entry, so that a long one needs no more memory than a short one. */
export class ChainVerifier {
  #at: ChainHead;
  #entries = 0;
  #break: ChainBreak | undefined;

  /** @param chain whose entries these must be; @param start what the first entry follows. */
  constructor(
    readonly chain: string,
    start: ChainHead = emptyChain,
  ) {
    this.#at = start;
  }

  /** Takes the next entry, in order. @returns false once the chain is broken. */
  next(entry: AuditEntry): boolean {
    if (this.#break !== undefined) return false;
    this.#break = this.#check(entry);
    if (this.#break !== undefined) return false;
    this.#at = { seq: entry.seq, hash: entry.hash };
    this.#entries += 1;
    return true;
  }

  /** @param head where the database says that the chain ends; without it a cut tail can't be noticed. */
  finish(head?: ChainHead): VerificationResult {
    if (this.#break === undefined && head !== undefined) this.#break = this.#checkHead(head);
    const found = this.#break;
    return {
      intact: found === undefined,
      entries: this.#entries,
      ...(found === undefined ? {} : { firstBreak: found }),
    };
  }

  #check(entry: AuditEntry): ChainBreak | undefined {
    const expected = this.#at.seq + 1;
    if (entry.chain !== this.chain || entry.seq !== expected) {
      return broken(expected, 'missing_or_reordered', `expected entry ${expected}, found ${entry.chain} ${entry.seq}`);
    }
    if (hashOf(entry) !== entry.hash) return broken(expected, 'altered', 'the entry does not match its own hash');
    if (entry.prevHash !== this.#at.hash) {
      return broken(expected, 'forged', 'the entry is sealed, but does not follow the one before it');
    }
    return undefined;
  }

  #checkHead(head: ChainHead): ChainBreak | undefined {
    if (head.seq > this.#at.seq) {
      return broken(
        this.#at.seq + 1,
        'tail_missing',
        `the chain ends at ${this.#at.seq} and should end at ${head.seq}`,
      );
    }
    if (head.seq < this.#at.seq || head.hash !== this.#at.hash) {
      return broken(head.seq + 1, 'forged', 'entries follow that were never appended by the rules');
    }
    return undefined;
  }
}

function broken(seq: number, reason: ChainBreak['reason'], message: string): ChainBreak {
  return { seq, reason, message };
}
