import { type Id, idTimeMs } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';
import { type Page, type PageRequest, pageOf } from '../page.js';
import {
  addRunConditions,
  Conditions,
  type ExecutionFilter,
  type IdSpan,
  idSpanOf,
  isSelective,
} from './execution-filter.js';
import type { ExecutionSummary, StoredExecution } from './execution-record.js';
import { findSpans } from './execution-spans.js';

/** A list stops looking after this long; nothing that it asks takes nearly as long. */
const statementMs = 5_000;
/** Minutes whose runs are read for one page, and in one statement. */
const spansPerPageMax = 320;
const spansPerReadMax = 64;
/** Logs that are searched for one page, and how much of them. */
const logsPerPageMax = 15_000;
const logBytesPerPageMax = 16_000_000;

const summary = `id, kind, event_id AS "eventId", function_id AS "functionId", function_name AS "functionName",
  version_id AS "versionId", extension_point AS "extensionPoint", attempt, outcome, message,
  instructions_used AS "instructionsUsed", fuel_used AS "fuelUsed", memory_bytes_peak AS "memoryBytesPeak",
  cpu_us AS "cpuUs", wall_us AS "wallUs", started_at AS "startedAt", recorded_at AS "recordedAt"`;

// What the function read is not written twice: where it was the data of its event, it is read from there.
const inputText = `CASE input_place WHEN 'event' THEN (SELECT e.data FROM events AS e
  WHERE e.tenant_id = executions.tenant_id AND e.id = executions.event_id) ELSE input END AS input`;

const everything = `${summary}, ${inputText}, output, log, log_bytes_dropped AS "logBytesDropped",
  limit_reached AS "limit", exit_code AS "exitCode", guest_error AS "guestError", backtrace, clock_ms AS "clockMs",
  seed, engine, position, encode(input_sha256, 'hex') AS "inputSha256", encode(output_sha256, 'hex') AS "outputSha256",
  input_place AS "inputPlace", output_place AS "outputPlace"`;

/** What was recorded, read-only, one tenant at a time. */
export class ExecutionsRepository {
  constructor(private readonly pool: pg.Pool) {}

  find(tenantId: Id<'tenant'>, id: Id<'execution'>): Promise<StoredExecution | null> {
    return inTenant(this.pool, tenantId, async (client) => {
      const text = `SELECT ${everything} FROM executions WHERE tenant_id = $1 AND id = $2`;
      return (await client.query<StoredExecution>(text, [tenantId, id])).rows[0] ?? null;
    });
  }

  /**
   * Newest first, by the time of the event. What one call reads is bounded: a page may hold less than `limit`, or
   * nothing, and yet have a `next` where there may be more.
   */
  list(tenantId: Id<'tenant'>, page: PageRequest & ExecutionFilter): Promise<Page<ExecutionSummary>> {
    const { limit, cursor } = page;
    const filter = { ...page, outcomes: page.outcomes?.length === 0 ? undefined : page.outcomes };
    return inTenant(this.pool, tenantId, async (client) => {
      await client.query(`SET LOCAL statement_timeout = ${statementMs}; SET LOCAL jit = off`);
      const asked = { tenantId, filter, limit, within: idSpanOf(filter, cursor) };
      if (isSelective(filter) && filter.eventId === undefined) return listBySpans(client, asked);
      return filter.log === undefined ? listInOrder(client, asked) : searchLogs(client, asked);
    });
  }
}

interface Asked {
  readonly tenantId: Id<'tenant'>;
  readonly filter: ExecutionFilter;
  readonly limit: number;
  readonly within: IdSpan;
}

function runConditions({ tenantId, filter }: Asked): Conditions {
  const conditions = new Conditions(tenantId);
  addRunConditions(conditions, filter);
  return conditions;
}

function addSpan(conditions: Conditions, { low, high }: IdSpan): void {
  conditions.add(low, (place) => `id >= ${place}`).add(high, (place) => `id < ${place}`);
}

const logCondition = (place: string) => `log <> '' AND log ILIKE ${place}`;

/** A pattern that finds `text` as it is. */
function containing(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

/** Where an index gives the runs in order, and all or most of them are meant. */
async function listInOrder(client: pg.PoolClient, asked: Asked): Promise<Page<ExecutionSummary>> {
  const conditions = runConditions(asked);
  addSpan(conditions, asked.within);
  const text = `SELECT ${summary} FROM executions WHERE ${conditions.where} ORDER BY id DESC LIMIT ${asked.limit + 1}`;
  const { rows } = await client.query<ExecutionSummary>(text, conditions.values);
  return pageOf(rows, asked.limit, (execution) => execution.id);
}

/** Where few may be meant: reads the minutes in which there were any. */
async function listBySpans(client: pg.PoolClient, asked: Asked): Promise<Page<ExecutionSummary>> {
  const times = { fromMs: timeOf(asked.within.low, 0), toMs: timeOf(asked.within.high, Date.now() + dayMs) + 1 };
  const within = { ...asked.within, ...times };
  const { spans, cut } = await findSpans(client, asked.tenantId, asked.filter, within, spansPerPageMax);
  const rows: ExecutionSummary[] = [];
  for (let at = 0; at < spans.length && rows.length <= asked.limit; at += spansPerReadMax) {
    rows.push(
      ...(await readSpans(client, asked, spans.slice(at, at + spansPerReadMax), asked.limit + 1 - rows.length)),
    );
  }
  const page = pageOf(rows, asked.limit, (execution) => execution.id);
  const oldest = spans.at(-1);
  return page.next === undefined && cut && oldest !== undefined ? { ...page, next: firstIdOf(oldest) } : page;
}

async function readSpans(client: pg.PoolClient, asked: Asked, spans: readonly IdSpan[], limit: number) {
  const conditions = runConditions(asked);
  conditions.add(containing(asked.filter.log), logCondition);
  const lows = conditions.place(spans.map((span) => span.low));
  const highs = conditions.place(spans.map((span) => span.high));
  const text = `
    SELECT x.* FROM unnest(${lows}::text[], ${highs}::text[]) AS s(low, high) CROSS JOIN LATERAL (
        SELECT ${summary} FROM executions
          WHERE ${conditions.where} AND id >= s.low AND id < s.high ORDER BY id DESC LIMIT ${limit}
      ) AS x ORDER BY x.id DESC LIMIT ${limit}`;
  return (await client.query<ExecutionSummary>(text, conditions.values)).rows;
}

interface SearchedLogs {
  readonly searched: number;
  readonly oldest: string | null;
  readonly hits: readonly string[];
  readonly cut: boolean;
}

/** Reads logs from the newest on, as far as one call may. */
async function searchLogs(client: pg.PoolClient, asked: Asked): Promise<Page<ExecutionSummary>> {
  const { oldest, hits, cut } = await searchSome(client, asked);
  const conditions = new Conditions(asked.tenantId).add(hits, (place) => `id = ANY (${place})`);
  const text = `SELECT ${summary} FROM executions WHERE ${conditions.where} ORDER BY id DESC`;
  const { rows } = await client.query<ExecutionSummary>(text, conditions.values);
  const page = pageOf(rows, asked.limit, (execution) => execution.id);
  return page.next === undefined && cut && oldest !== null ? { ...page, next: oldest } : page;
}

async function searchSome(client: pg.PoolClient, asked: Asked): Promise<SearchedLogs> {
  const conditions = runConditions(asked);
  addSpan(conditions, asked.within);
  const { where } = conditions;
  const pattern = conditions.place(containing(asked.filter.log) ?? '%');
  const text = `
    WITH newest AS (
      SELECT id, log, sum(octet_length(log)) OVER (ORDER BY id DESC) - octet_length(log) AS bytes_before
        FROM (SELECT id, log FROM executions WHERE ${where} AND log <> '' ORDER BY id DESC LIMIT ${logsPerPageMax}) AS l
    ), searched AS MATERIALIZED (
      SELECT id, CASE WHEN bytes_before < ${logBytesPerPageMax} THEN log ILIKE ${pattern} END AS hit FROM newest
    )
    SELECT count(hit) AS searched, min(id) FILTER (WHERE hit IS NOT NULL) AS oldest,
           ARRAY(SELECT id FROM searched WHERE hit ORDER BY id DESC LIMIT ${asked.limit + 1}) AS hits,
           count(*) = ${logsPerPageMax} OR count(hit) < count(*) AS cut
      FROM searched`;
  const { rows } = await client.query<SearchedLogs>(text, conditions.values);
  return rows[0] ?? { searched: 0, oldest: null, hits: [], cut: false };
}

const dayMs = 86_400_000;

/** The time that an id, or the bound of a span of ids, begins with; `otherwise` for a bound that has none. */
function timeOf(bound: string, otherwise: number): number {
  return bound.length < timeLength
    ? otherwise
    : idTimeMs(`${bound.slice(0, timeLength)}${idSuffix}` as Id<'execution'>);
}

/** `exe_` and the ten characters of the time. */
const timeLength = 14;
const idSuffix = '0000000000000000';

/** The first id that a span may hold: as a cursor it says that everything from there on was looked at. */
function firstIdOf({ low }: IdSpan): string {
  return low.slice(0, timeLength) + idSuffix;
}
