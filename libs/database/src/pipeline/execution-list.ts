import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { type Page, type PageRequest, pageOf } from '../page.js';
import {
  addRunConditions,
  Conditions,
  type ExecutionFilter,
  type IdSpan,
  idSpanOf,
  isSelective,
} from './execution-filter.js';
import type { ExecutionSummary } from './execution-record.js';
import { findSpans, idOfBound, type RunSpan, type SpanBounds } from './execution-spans.js';
import { containing, searchLogs } from './log-search.js';

/** A list stops looking after this long; nothing that it asks takes nearly as long. */
const statementMs = 5_000;
/** Runs that are looked at before the sums are asked where to look: what is common is found among them. */
const firstLookMax = 1_000;
/** How long a page is looked for: then it is given as far as it is, with where to go on. */
const searchMsMax = 50;
/** What the first answer of the sums may name; hours double with every answer. */
const firstBounds = { hoursMax: 8, spansMax: 64 } as const;
const hoursAtOnceMax = 1_024;

export const summary = `id, kind, event_id AS "eventId", function_id AS "functionId", function_name AS "functionName",
  version_id AS "versionId", extension_point AS "extensionPoint", attempt, outcome, message,
  instructions_used AS "instructionsUsed", fuel_used AS "fuelUsed", memory_bytes_peak AS "memoryBytesPeak",
  cpu_us AS "cpuUs", wall_us AS "wallUs", started_at AS "startedAt", recorded_at AS "recordedAt"`;

/** A list as it is asked for. */
export interface Asked {
  readonly tenantId: Id<'tenant'>;
  readonly filter: ExecutionFilter;
  readonly limit: number;
  readonly within: IdSpan;
}

type ExecutionPage = Page<ExecutionSummary>;

/** Finds a page of runs; see ExecutionsRepository.list. */
export async function listExecutions(
  client: pg.PoolClient,
  tenantId: Id<'tenant'>,
  page: PageRequest & ExecutionFilter,
): Promise<ExecutionPage> {
  await client.query(`SET LOCAL statement_timeout = ${statementMs}; SET LOCAL jit = off`);
  const asked = { tenantId, filter: page, limit: page.limit, within: idSpanOf(page, page.cursor) };
  if (isSelective(page) && page.eventId === undefined) return listSelected(client, asked);
  if (page.log === undefined) return toPage(await readInOrder(client, asked), page.limit);
  const { hits, before } = await searchLogs(client, asked);
  return toPage(await readByIds(client, asked, hits), page.limit, before);
}

/** A page of what was found; `before` is where looking ended early. */
function toPage(rows: readonly ExecutionSummary[], limit: number, before?: string): ExecutionPage {
  const page = pageOf(rows, limit, (execution) => execution.id);
  return page.next === undefined && before !== undefined ? { ...page, next: idOfBound(before) } : page;
}

/** Where an index gives the runs in order, and all of them are meant. */
async function readInOrder(client: pg.PoolClient, asked: Asked): Promise<readonly ExecutionSummary[]> {
  const conditions = runConditions(asked);
  addSpan(conditions, asked.within);
  const text = `SELECT ${summary} FROM executions WHERE ${conditions.where} ORDER BY id DESC LIMIT ${asked.limit + 1}`;
  return (await client.query<ExecutionSummary>(text, conditions.values)).rows;
}

async function readByIds(client: pg.PoolClient, { tenantId }: Asked, ids: readonly string[]) {
  const conditions = new Conditions(tenantId).add(ids, (place) => `id = ANY (${place})`);
  const text = `SELECT ${summary} FROM executions WHERE ${conditions.where} ORDER BY id DESC`;
  return (await client.query<ExecutionSummary>(text, conditions.values)).rows;
}

/** Where few may be meant: looks at the newest, then in the minutes of which the sums say that there were any. */
async function listSelected(client: pg.PoolClient, asked: Asked): Promise<ExecutionPage> {
  const untilMs = performance.now() + searchMsMax;
  const look = await lookAtNewest(client, asked);
  const rows = [...(await readByIds(client, asked, look.hits))];
  let before = look.before;
  let bounds: SpanBounds = firstBounds;
  while (before !== undefined && rows.length <= asked.limit) {
    const within = { low: asked.within.low, high: before };
    const found = await findSpans(client, asked.tenantId, asked.filter, within, bounds);
    if (found.spans.length > 0)
      rows.push(...(await readSpans(client, asked, found.spans, asked.limit + 1 - rows.length)));
    before = found.before;
    bounds = { ...bounds, hoursMax: Math.min(2 * bounds.hoursMax, hoursAtOnceMax) };
    if (performance.now() > untilMs) break;
  }
  return toPage(rows, asked.limit, before);
}

interface Look {
  readonly hits: readonly string[];
  /** The oldest that was looked at, where there are older ones. */
  readonly before: string | undefined;
}

async function lookAtNewest(client: pg.PoolClient, asked: Asked): Promise<Look> {
  const { functionName, outcomes } = asked.filter;
  const indexed = new Conditions(asked.tenantId);
  addRunConditions(indexed, { functionName });
  // One index alone says what is looked at: with both conditions, most of what is read might be thrown away.
  const failuresOnly = functionName === undefined && outcomes?.includes('succeeded') === false;
  addSpan(indexed, asked.within);
  const from = `FROM executions WHERE ${indexed.where} ${failuresOnly ? "AND outcome <> 'succeeded'" : ''} ORDER BY id DESC LIMIT ${firstLookMax}`;
  const hit = new Conditions(asked.tenantId, indexed.values);
  addRunConditions(hit, asked.filter);
  hit.add(containing(asked.filter.log), (place) => `log <> '' AND log ILIKE ${place}`);
  const text = `
    WITH newest AS MATERIALIZED (SELECT * ${from}),
         looked AS (SELECT id, (${hit.where}) AS hit FROM newest)
    SELECT ARRAY(SELECT id FROM looked WHERE hit ORDER BY id DESC LIMIT ${asked.limit + 1}) AS hits,
           (SELECT min(id) FROM looked HAVING count(*) = ${firstLookMax}) AS before`;
  const { rows } = await client.query<{ hits: string[]; before: string | null }>(text, hit.values);
  return { hits: rows[0]?.hits ?? [], before: rows[0]?.before ?? undefined };
}

async function readSpans(client: pg.PoolClient, asked: Asked, spans: readonly RunSpan[], limit: number) {
  const conditions = runConditions(asked);
  conditions.add(containing(asked.filter.log), (place) => `log <> '' AND log ILIKE ${place}`);
  const lows = conditions.place(spans.map((span) => span.low));
  const highs = conditions.place(spans.map((span) => span.high));
  const functionIds = spans.flatMap((span) => span.functionId ?? []);
  const functions = conditions.place(functionIds);
  const ofFunction = functionIds.length === 0 ? '' : 'AND function_id = s.function_id';
  const text = `
    SELECT x.* FROM unnest(${lows}::text[], ${highs}::text[], ${functions}::text[]) AS s(low, high, function_id)
      CROSS JOIN LATERAL (
        SELECT ${summary} FROM executions
          WHERE ${conditions.where} AND id >= s.low AND id < s.high ${ofFunction} ORDER BY id DESC LIMIT ${limit}
      ) AS x ORDER BY x.id DESC LIMIT ${limit}`;
  return (await client.query<ExecutionSummary>(text, conditions.values)).rows;
}

function runConditions({ tenantId, filter }: Asked): Conditions {
  const conditions = new Conditions(tenantId);
  addRunConditions(conditions, filter);
  return conditions;
}

function addSpan(conditions: Conditions, { low, high }: IdSpan): void {
  conditions.add(low, (place) => `id >= ${place}`).add(high, (place) => `id < ${place}`);
}
