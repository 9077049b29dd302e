import { type AuditRecord, type ChainHead, emptyChain, prunedAction } from './audit-entry.js';
import { isSound } from './chain.js';
import type { AuditSeals } from './seals.js';

/** The first place where a chain is not what was written. */
export interface ChainBreak {
  readonly seq: number;
  /** `unreadable` is said of exports only. */
  readonly reason: 'missing_or_reordered' | 'altered' | 'forged' | 'tail_missing' | 'unreadable';
  readonly message: string;
}

export interface VerificationResult {
  readonly intact: boolean;
  /** Entries that were checked and found whole. */
  readonly entries: number;
  /** The last of them. Whoever keeps it elsewhere can verify from there, and knows a rewritten chain again. */
  readonly verifiedTo: ChainHead;
  readonly firstBreak?: ChainBreak;
}

export interface VerifierOptions {
  /** What the first entry follows. Default: the beginning of the chain. */
  readonly start?: ChainHead;
  /** True where `start` is a checkpoint of retention: then the chain itself must say that it was made. */
  readonly startsAtCheckpoint?: boolean;
  /** With keys, every seal must hold, and every entry must be under one. */
  readonly seals?: AuditSeals | undefined;
  /** Heads of this chain that were recorded elsewhere, such as in the operator's chain; in any order. */
  readonly anchors?: readonly ChainHead[];
}

/** Checks a chain entry by entry, so that a long one needs no more memory than a short one. */
export class ChainVerifier {
  readonly #options: VerifierOptions;
  readonly #start: ChainHead;
  readonly #anchors: ReadonlyMap<number, string>;
  #at: ChainHead;
  /** Entries up to here are under a seal that holds. */
  #sealedTo: number;
  #entries = 0;
  #vouched: boolean;
  #break: ChainBreak | undefined;

  /** @param chain whose entries these must be */
  constructor(
    readonly chain: string,
    options: VerifierOptions = {},
  ) {
    this.#options = options;
    this.#start = options.start ?? emptyChain;
    this.#at = this.#start;
    this.#sealedTo = this.#start.seq;
    this.#vouched = options.startsAtCheckpoint !== true || this.#start.seq === 0;
    this.#anchors = new Map((options.anchors ?? []).map(({ seq, hash }) => [seq, hash]));
  }

  /** Takes the next entry, in order. @returns false once the chain is broken. */
  next(record: AuditRecord): boolean {
    if (this.#break !== undefined) return false;
    this.#break = this.#check(record);
    if (this.#break !== undefined) return false;
    this.#at = { seq: record.seq, hash: record.hash };
    this.#entries += 1;
    if (!this.#vouched) this.#vouched = vouchesFor(record, this.#start);
    return true;
  }

  /** For a reader that can't make an entry out of what follows. */
  unreadable(message: string): void {
    this.#break ??= broken(this.#at.seq + 1, 'unreadable', message);
  }

  /**
   * For a reader of the database: entries that nobody asked for, because they stand before the beginning or behind the
   * end that the chain is said to have.
   *
   * @param firstSeq of all entries that are there, and `lastSeq`, read together with `head`
   */
  outside(firstSeq: number | null, lastSeq: number | null, head: ChainHead): void {
    if (firstSeq !== null && firstSeq <= this.#start.seq) {
      this.#break ??= broken(firstSeq, 'forged', 'the entry stands where retention had removed all of them');
    }
    if (lastSeq !== null && lastSeq > head.seq) {
      this.#break ??= broken(head.seq + 1, 'forged', 'entries follow that were never appended by the rules');
    }
  }

  /**
   * @param head where the chain is said to end; without it neither a cut tail can be noticed nor a forged one, and
   *   what concerns the end of the chain is not checked.
   */
  finish(head?: ChainHead): VerificationResult {
    if (head !== undefined) this.#break ??= this.#checkEnd(head);
    const found = this.#break;
    return {
      intact: found === undefined,
      entries: this.#entries,
      verifiedTo: this.#at,
      ...(found === undefined ? {} : { firstBreak: found }),
    };
  }

  #check(record: AuditRecord): ChainBreak | undefined {
    const expected = this.#at.seq + 1;
    if (record.chain !== this.chain || record.seq !== expected) {
      const found = `${record.chain} ${record.seq}`;
      return broken(expected, 'missing_or_reordered', `expected entry ${expected}, found ${found}`);
    }
    if (!isSound(record)) return broken(expected, 'altered', 'the entry does not match its own hash');
    if (record.prevHash !== this.#at.hash) {
      return broken(expected, 'forged', 'the entry fits its hash, but does not follow the one before it');
    }
    return this.#checkSeal(record) ?? this.#checkAnchor(record);
  }

  #checkSeal(record: AuditRecord): ChainBreak | undefined {
    const { seals } = this.#options;
    if (seals === undefined || record.seal === null) return undefined;
    const entries = seals.entriesOf(record.seal, this.chain, record);
    if (entries === undefined) {
      return broken(record.seq, 'forged', 'the seal of the entry was not made with a key of this installation');
    }
    if (record.seq - entries > this.#sealedTo) return this.#unsealed();
    this.#sealedTo = record.seq;
    return undefined;
  }

  #unsealed(): ChainBreak {
    const message = 'no seal covers the entry: no process of this installation appended it';
    return broken(this.#sealedTo + 1, 'forged', message);
  }

  #checkAnchor({ seq, hash }: ChainHead): ChainBreak | undefined {
    const anchored = this.#anchors.get(seq);
    if (anchored === undefined || anchored === hash) return undefined;
    return broken(seq, 'forged', 'the entry is not the one whose hash was recorded elsewhere: the chain was rewritten');
  }

  #checkEnd(head: ChainHead): ChainBreak | undefined {
    const { seq, hash } = this.#at;
    const next = seq + 1;
    if (head.seq < this.#start.seq) {
      const message = `the chain ends at ${head.seq}, before entry ${this.#start.seq} that it was to be verified from`;
      return broken(head.seq + 1, 'tail_missing', message);
    }
    if (head.seq > seq) {
      return broken(next, 'tail_missing', `the chain ends at ${seq} and should end at ${head.seq}`);
    }
    if (head.seq < seq || head.hash !== hash) {
      return broken(head.seq + 1, 'forged', 'entries follow that were never appended by the rules');
    }
    const anchored = Math.max(0, ...this.#anchors.keys());
    if (anchored > seq) {
      return broken(next, 'tail_missing', `the chain ends at ${seq}, but it was recorded when it ended at ${anchored}`);
    }
    if (this.#options.seals !== undefined && this.#sealedTo < seq) return this.#unsealed();
    if (!this.#vouched) {
      const message = `nothing in the chain says that its entries up to ${this.#start.seq} were removed by retention`;
      return broken(this.#start.seq + 1, 'missing_or_reordered', message);
    }
    return undefined;
  }
}

/** What retention recorded when it removed the entries up to `start`. */
function vouchesFor({ action, detailsText }: AuditRecord, start: ChainHead): boolean {
  if (action !== prunedAction) return false;
  const { seq, hash } = JSON.parse(detailsText) as { seq?: unknown; hash?: unknown };
  return Number(seq) === start.seq && hash === start.hash;
}

function broken(seq: number, reason: ChainBreak['reason'], message: string): ChainBreak {
  return { seq, reason, message };
}
