import {
  type AuditRecord,
  type AuditSeals,
  type ChainHead,
  ChainVerifier,
  type ExportHeader,
  operatorChain,
  type VerificationResult,
} from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { databaseRoles } from '../connection/roles.js';
import { inTenant, inTransaction } from '../connection/transaction.js';
import { anchorChains, anchorsOf } from './audit-anchors.js';
import { boundsOf, entriesAfter, type InChain } from './audit-chain.js';
import { pruneOperatorChain } from './audit-retention.js';

/** Entries in memory at once, twice: one piece is checked while the next one is on its way. */
const entriesPerQuery = 2_000;
/** One call checks at most this many, about half a minute's work; the answer says where to go on. */
const entriesPerCallMax = 2_000_000;

export interface VerifyOptions {
  /** Begin behind this entry, which was verified before. */
  readonly after?: ChainHead | undefined;
  /** Ends the work early: whoever asked is gone. */
  readonly signal?: AbortSignal | undefined;
  /** Entries to check at most; default 2,000,000. */
  readonly entriesMax?: number | undefined;
}

export interface ChainVerification extends VerificationResult {
  /** Where the chain ended when the work began. */
  readonly head: ChainHead;
  /** False where there is more to check: go on after `verifiedTo`. */
  readonly complete: boolean;
}

/** A chain on its way out: what to say first, then its entries in order. */
export interface ChainExport {
  readonly header: ExportHeader;
  readonly pieces: AsyncIterable<readonly AuditRecord[]>;
}

const asOperator = `BEGIN; SET LOCAL ROLE ${databaseRoles.operator}`;

interface ChainAccess {
  readonly chain: string;
  readonly inChain: InChain;
}

/** Reads whole chains. Each piece is a transaction of its own, so a long chain holds nothing up. */
export class AuditTrailRepository {
  constructor(
    private readonly pool: pg.Pool,
    private readonly seals?: AuditSeals | undefined,
  ) {}

  /**
   * Walks the tenant's chain from its first entry, or from the checkpoint that retention left, and compares it with
   * the recorded head and with what the operator's chain says about earlier heads.
   */
  async verify(tenantId: Id<'tenant'>, options: VerifyOptions = {}): Promise<ChainVerification> {
    const anchors = await this.#asOperator((client) => anchorsOf(client, tenantId));
    return this.#verify(this.#tenant(tenantId), anchors, options);
  }

  /** The same for the chain of what operators did. */
  verifyOperator(options: VerifyOptions = {}): Promise<ChainVerification> {
    return this.#verify(this.#operator, [], options);
  }

  export(tenantId: Id<'tenant'>, after?: ChainHead): Promise<ChainExport> {
    return exportChain(this.#tenant(tenantId), after);
  }

  exportOperator(after?: ChainHead): Promise<ChainExport> {
    return exportChain(this.#operator, after);
  }

  /**
   * Records in the operator's chain where the tenants' chains end that grew since the last time: a chain that is
   * rewritten later, hashes and head included, then differs from what the operator's says about it.
   *
   * @param everyMs does nothing while the last record is younger than this
   * @returns how many chains were recorded
   */
  anchor(everyMs: number): Promise<number> {
    return this.#asOperator((client) => anchorChains(client, everyMs, this.seals));
  }

  /** Removes up to 10,000 of the operator's entries from before `before`. @returns how many went. */
  pruneOperator(before: Date): Promise<number> {
    return pruneOperatorChain(this.pool, asOperator, before, this.seals);
  }

  #tenant(tenantId: Id<'tenant'>): ChainAccess {
    return { chain: tenantId, inChain: (work) => inTenant(this.pool, tenantId, work) };
  }

  get #operator(): ChainAccess {
    return { chain: operatorChain, inChain: (work) => this.#asOperator(work) };
  }

  #asOperator<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    return inTransaction(this.pool, work, asOperator);
  }

  async #verify(
    access: ChainAccess,
    anchors: readonly ChainHead[],
    options: VerifyOptions,
  ): Promise<ChainVerification> {
    const { chain, inChain } = access;
    const { after, signal, entriesMax = entriesPerCallMax } = options;
    const bounds = await inChain((client) => boundsOf(client, chain));
    const start = laterOf(bounds.start, after);
    const verifier = new ChainVerifier(chain, {
      start,
      startsAtCheckpoint: start === bounds.start,
      seals: this.seals,
      anchors: anchors.filter(({ seq }) => seq > start.seq),
    });
    const to = Math.min(bounds.head.seq, start.seq + entriesMax);
    for await (const records of piecesOf(access, start.seq, to)) {
      signal?.throwIfAborted();
      if (!records.every((record) => verifier.next(record))) break;
    }
    if (start === bounds.start) verifier.outside(bounds.firstSeq, bounds.lastSeq, bounds.head);
    const complete = to === bounds.head.seq || start.seq >= bounds.head.seq;
    const result = verifier.finish(complete ? bounds.head : undefined);
    if (!result.intact && start === bounds.start && (await this.#wasPruned(access, start))) {
      return this.#verify(access, anchors, options);
    }
    return { ...result, head: bounds.head, complete: complete || !result.intact };
  }

  /** Retention may have removed, meanwhile, what was about to be read; it leaves a later checkpoint. */
  async #wasPruned({ chain, inChain }: ChainAccess, start: ChainHead): Promise<boolean> {
    const now = await inChain((client) => boundsOf(client, chain));
    return now.start.seq > start.seq;
  }
}

/** What retention removed can't be looked at again: whoever asks from before that begins at the checkpoint. */
function laterOf(checkpoint: ChainHead, after: ChainHead | undefined): ChainHead {
  return after !== undefined && after.seq >= checkpoint.seq ? after : checkpoint;
}

async function exportChain(access: ChainAccess, after: ChainHead | undefined): Promise<ChainExport> {
  const { chain, inChain } = access;
  const { start: checkpoint, head } = await inChain((client) => boundsOf(client, chain));
  const start = laterOf(checkpoint, after);
  const startsAtCheckpoint = start === checkpoint;
  const header = { chain, start, startsAtCheckpoint, head, exportedAt: new Date().toISOString() };
  return { header, pieces: piecesOf(access, start.seq, head.seq) };
}

/** Asks for the next piece before the one at hand is worked on. Where entries are missing, a piece is short or empty. */
async function* piecesOf(
  { chain, inChain }: ChainAccess,
  from: number,
  to: number,
): AsyncGenerator<readonly AuditRecord[]> {
  const read = (after: number) => {
    if (after >= to) return undefined;
    const range = { after, to: Math.min(after + entriesPerQuery, to) };
    const piece = inChain((client) => entriesAfter(client, chain, range));
    // Whoever stops early never looks at the piece on its way; its failure is then nobody's.
    piece.catch(() => undefined);
    return piece;
  };
  let next = read(from);
  for (let after = from + entriesPerQuery; next !== undefined; after += entriesPerQuery) {
    const records: readonly AuditRecord[] = await next;
    next = read(after);
    yield records;
  }
}
