import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';
import { summary } from './execution-list.js';
import type { ExecutionSummary } from './execution-record.js';

/**
 * A place in the order in which a tenant's runs were recorded: the number of an entry in its audit chain, and how many
 * of the runs in that entry are behind it. The chain has no gap and grows in the transaction of what it tells about,
 * so whoever reads on from a place misses nothing and gets nothing twice.
 */
export interface FeedPlace {
  readonly seq: number;
  readonly runs: number;
}

/** A run in the order of recording. */
export interface FedExecution extends ExecutionSummary {
  readonly place: FeedPlace;
  /** The first 8,000 characters; empty where logs were not asked for. */
  readonly log: string;
}

/** A run by its id, in the order of recording. */
export interface ListedRun {
  readonly id: string;
  readonly place: FeedPlace;
}

interface Part {
  /** Where to read on. */
  readonly end: FeedPlace;
  /** True when more was there than one part holds. */
  readonly more: boolean;
}

export interface FeedPart extends Part {
  readonly executions: readonly FedExecution[];
}

/** Which runs a part holds, without what is known of them: small, however much they wrote into their logs. */
export interface ListedPart extends Part {
  readonly runs: readonly ListedRun[];
}

export interface FeedBounds {
  /** Audit entries in one part; each tells about the runs of a batch. */
  readonly entriesMax: number;
  /** Runs in one part; a batch that has more comes alone. */
  readonly runsMax: number;
}

/** More runs than any entry tells about: the place behind the whole of it. */
const wholeEntry = 999_999;

interface Entry {
  readonly seq: number;
  readonly ids: readonly string[];
}

type FoundRun = ExecutionSummary & { readonly log: string };

const entriesAfter = `
  SELECT seq, ARRAY(SELECT CASE json_typeof(run) WHEN 'array' THEN run ->> 0 ELSE run ->> 'id' END
                      FROM json_array_elements(details -> 'executions') AS run) AS ids
    FROM audit_entries WHERE chain = $1 AND action = 'executions.recorded' AND seq >= $2 ORDER BY seq LIMIT $3`;

const runsOf = `SELECT ${summary}, CASE WHEN $3 THEN left(log, 8000) ELSE '' END AS log
  FROM executions WHERE tenant_id = $1 AND id = ANY($2::text[])`;

const countBetween = `
  SELECT coalesce(sum(json_array_length(details -> 'executions')), 0)::int AS runs
    FROM (SELECT details FROM audit_entries
            WHERE chain = $1 AND action = 'executions.recorded' AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4) AS e`;

/** Runs in the order of their recording, read-only, one tenant at a time. */
export class ExecutionFeedRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** The place behind everything that is recorded. */
  end(tenantId: Id<'tenant'>): Promise<FeedPlace> {
    return inTenant(this.pool, tenantId, async (client) => {
      const text = 'SELECT seq FROM audit_heads WHERE chain = $1';
      const seq = (await client.query<{ seq: number }>(text, [tenantId])).rows[0]?.seq ?? 0;
      return { seq, runs: wholeEntry };
    });
  }

  /** What was recorded behind a place, as far as one part goes, with the beginnings of logs. */
  read(tenantId: Id<'tenant'>, after: FeedPlace, bounds: FeedBounds): Promise<FeedPart> {
    return inTenant(this.pool, tenantId, async (client) => {
      const { runs, ...part } = await listRuns(client, tenantId, after, bounds);
      return { executions: await readRuns(client, tenantId, runs, true), ...part };
    });
  }

  /** Which runs were recorded behind a place, as far as one part goes. */
  list(tenantId: Id<'tenant'>, after: FeedPlace, bounds: FeedBounds): Promise<ListedPart> {
    return inTenant(this.pool, tenantId, (client) => listRuns(client, tenantId, after, bounds));
  }

  /** Runs that were listed, those left out that are gone. Their logs may take 32 kB each. */
  find(tenantId: Id<'tenant'>, runs: readonly ListedRun[], withLogs: boolean): Promise<readonly FedExecution[]> {
    return inTenant(this.pool, tenantId, (client) => readRuns(client, tenantId, runs, withLogs));
  }

  /**
   * How many runs lie between two entries of the chain, the first excluded. Undefined where more than `entriesMax`
   * entries would have to be counted, or where they are gone already.
   */
  count(tenantId: Id<'tenant'>, after: FeedPlace, until: FeedPlace, entriesMax: number): Promise<number | undefined> {
    return inTenant(this.pool, tenantId, async (client) => {
      if (until.seq - after.seq > entriesMax) return undefined;
      const values = [tenantId, after.seq, until.seq, entriesMax];
      return (await client.query<{ runs: number }>(countBetween, values)).rows[0]?.runs;
    });
  }
}

async function listRuns(
  client: pg.PoolClient,
  tenantId: Id<'tenant'>,
  after: FeedPlace,
  bounds: FeedBounds,
): Promise<ListedPart> {
  const { rows } = await client.query<Entry>(entriesAfter, [tenantId, after.seq, bounds.entriesMax]);
  const entries = firstOf(rows, bounds.runsMax);
  const listed = entries.flatMap(({ seq, ids }) => ids.map((id, place) => ({ id, place: { seq, runs: place + 1 } })));
  const runs = listed.filter(({ place }) => place.seq > after.seq || place.runs > after.runs);
  const last = entries.at(-1);
  const end = last === undefined || last.seq <= after.seq ? after : { seq: last.seq, runs: last.ids.length };
  return { runs, end, more: rows.length === bounds.entriesMax || entries.length < rows.length };
}

async function readRuns(
  client: pg.PoolClient,
  tenantId: Id<'tenant'>,
  runs: readonly ListedRun[],
  withLogs: boolean,
): Promise<readonly FedExecution[]> {
  if (runs.length === 0) return [];
  const found = await client.query<FoundRun>(runsOf, [tenantId, runs.map(({ id }) => id), withLogs]);
  const byId = new Map<string, FoundRun>(found.rows.map((run) => [run.id, run]));
  return runs.flatMap(({ id, place }) => {
    const run = byId.get(id);
    return run === undefined ? [] : [{ ...run, place }];
  });
}

/** Whole entries, at least two of them: the first may be the one that was read before. */
function firstOf(entries: readonly Entry[], runsMax: number): readonly Entry[] {
  let runs = 0;
  const count = entries.findIndex(({ ids }, place) => {
    runs += ids.length;
    return place > 1 && runs > runsMax;
  });
  return count === -1 ? entries : entries.slice(0, count);
}
