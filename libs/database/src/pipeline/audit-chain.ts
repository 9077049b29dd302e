import { type AuditRecord, type ChainHead, emptyChain } from '@tenon/audit';
import type pg from 'pg';
import { auditColumns } from '../repositories/audit.repository.js';

/** Runs work with the rights to read one chain, in a transaction of its own. */
export type InChain = <Result>(work: (client: pg.PoolClient) => Promise<Result>) => Promise<Result>;

/** Where what is left of a chain begins and where it ends. */
export interface ChainBounds {
  /** What the first entry that is left follows: the empty chain, or what retention removed last. */
  readonly start: ChainHead;
  readonly head: ChainHead;
  /** The first and last entry that are there, in the same moment; null where there are none. */
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
}

const readBounds = `
  SELECT h.seq, h.hash, c.seq AS "startSeq", c.hash AS "startHash",
         (SELECT min(e.seq) FROM audit_entries AS e WHERE e.chain = $1) AS "firstSeq",
         (SELECT max(e.seq) FROM audit_entries AS e WHERE e.chain = $1) AS "lastSeq"
    FROM (SELECT $1::text AS chain) AS asked
      LEFT JOIN audit_heads AS h ON h.chain = asked.chain
      LEFT JOIN audit_checkpoints AS c ON c.chain = asked.chain`;

const readEntries = `
  SELECT ${auditColumns} FROM audit_entries WHERE chain = $1 AND seq > $2 AND seq <= $3 ORDER BY audit_entries.seq`;

interface BoundsRow {
  readonly seq: number | null;
  readonly hash: string | null;
  readonly startSeq: number | null;
  readonly startHash: string | null;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
}

export async function boundsOf(client: pg.PoolClient, chain: string): Promise<ChainBounds> {
  const [row] = (await client.query<BoundsRow>(readBounds, [chain])).rows;
  const start = headOf(row?.startSeq, row?.startHash);
  return { start, head: headOf(row?.seq, row?.hash), firstSeq: row?.firstSeq ?? null, lastSeq: row?.lastSeq ?? null };
}

function headOf(seq: number | null | undefined, hash: string | null | undefined): ChainHead {
  return typeof seq === 'number' && typeof hash === 'string' ? { seq, hash } : emptyChain;
}

/** Text, as it comes over the wire: parsing what is only hashed would be most of the work. */
const asText = { getTypeParser: () => (value: string) => value };

/**
 * A piece of a chain: the entries after `after` up to `to`. Both ends are given, rather than a limit, because a planner
 * without statistics would read and sort the rest of the chain for every piece.
 */
export async function entriesAfter(
  client: pg.PoolClient,
  chain: string,
  { after, to }: { readonly after: number; readonly to: number },
): Promise<AuditRecord[]> {
  const values = [chain, after, to];
  const query = { name: 'audit-entries-after', text: readEntries, values, rowMode: 'array', types: asText } as const;
  return (await client.query<(string | null)[]>(query)).rows.map(fromColumns);
}

function fromColumns(row: readonly (string | null)[]): AuditRecord {
  const [chain, seq, id, at, actor, action, target, requestId, detailsText, prevHash, hash, seal] = row;
  return {
    chain: chain ?? '',
    seq: Number(seq),
    id: id ?? '',
    at: at ?? '',
    actor: actor ?? '',
    action: action ?? '',
    target: target ?? '',
    requestId: requestId ?? null,
    detailsText: detailsText ?? '',
    prevHash: prevHash ?? '',
    hash: hash ?? '',
    seal: seal ?? null,
  };
}
