import {
  type AuditDraft,
  type AuditSeals,
  anchoredAction,
  appendAudit,
  type ChainHead,
  operatorChain,
} from '@tenon/audit';
import type pg from 'pg';
import { runnerOf } from '../connection/transaction.js';

/** Heads in one entry, which is then about 50 kB. */
const headsPerEntry = 500;
const headsMax = 500_000;
/** Anchors of a chain that a verification looks at, from the newest. */
const anchorsMax = 1_000;

const lock = "SELECT pg_try_advisory_xact_lock(hashtextextended('tenon.audit_anchors', 0)) AS mine";

const lastAnchor = `
  SELECT at, at > now() - make_interval(secs => $3 / 1000.0) AS fresh FROM audit_entries
    WHERE chain = $1 AND action = $2 ORDER BY seq DESC LIMIT 1`;

// A minute more than was asked for: what was appended before the last anchor may have been committed after it.
const movedHeads = `
  SELECT chain, seq, hash FROM audit_heads
    WHERE chain <> $1 AND at > coalesce($2::timestamptz, 'epoch') - interval '1 minute' ORDER BY chain LIMIT ${headsMax}`;

const readAnchors = `
  SELECT details -> 'heads' ->> $2 AS head FROM (
    SELECT details FROM audit_entries WHERE chain = $1 AND action = $3 ORDER BY seq DESC LIMIT ${anchorsMax}
  ) AS newest WHERE details -> 'heads' ->> $2 IS NOT NULL`;

/**
 * Records in the operator's chain where the tenants' chains end that grew since the last time. Needs the operator's
 * role. Of several processes one does it.
 *
 * @param everyMs how old the last anchor must be
 * @returns how many heads were recorded
 */
export async function anchorChains(
  client: pg.PoolClient,
  everyMs: number,
  seals: AuditSeals | undefined,
): Promise<number> {
  const [locked] = (await client.query<{ mine: boolean }>(lock)).rows;
  if (locked?.mine !== true) return 0;
  const values = [operatorChain, anchoredAction, everyMs];
  const [last] = (await client.query<{ at: Date; fresh: boolean }>(lastAnchor, values)).rows;
  if (last?.fresh === true) return 0;
  const heads = (await client.query<HeadRow>(movedHeads, [operatorChain, last?.at ?? null])).rows;
  await appendAudit(runnerOf(client), operatorChain, draftsOf(heads), { seals });
  return heads.length;
}

interface HeadRow extends ChainHead {
  readonly chain: string;
}

function draftsOf(heads: readonly HeadRow[]): AuditDraft[] {
  const drafts: AuditDraft[] = [];
  for (let from = 0; from < heads.length; from += headsPerEntry) {
    const part = heads.slice(from, from + headsPerEntry).map(({ chain, seq, hash }) => [chain, `${seq}:${hash}`]);
    const details = { heads: Object.fromEntries(part) };
    drafts.push({ actor: 'system', action: anchoredAction, target: `${part.length} chains`, details });
  }
  return drafts;
}

/** What the operator's chain says about the heads that `chain` had, newest first. Needs the operator's role. */
export async function anchorsOf(client: pg.PoolClient, chain: string): Promise<ChainHead[]> {
  const { rows } = await client.query<{ head: string }>(readAnchors, [operatorChain, chain, anchoredAction]);
  return rows.map(({ head }) => {
    const [seq, hash] = head.split(':', 2);
    return { seq: Number(seq), hash: hash ?? '' };
  });
}
